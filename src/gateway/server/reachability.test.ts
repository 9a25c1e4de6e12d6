import { describe, expect, test } from 'vitest'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { Reachability } from './reachability.ts'

function createScene() {
  const clock = new ManualClock()
  const probes: number[] = []
  const states: string[] = []
  const reachability = new Reachability(
    { failuresToOpen: 2, probeTimeoutMs: 1_000, backoff: { baseMs: 100, capMs: 400 } },
    { clock, random: () => 0.5 },
    {
      probe: (era) => void probes.push(era),
      changed: (state) => void states.push(state),
    },
  )
  return { clock, probes, states, reachability }
}

describe("a server's reachability", () => {
  test('opens after failures in a row, probes by itself when due, and closes at the answer', () => {
    const { clock, probes, states, reachability } = createScene()
    reachability.failed(0, 'refused')
    expect(reachability.era).toBe(0)
    reachability.failed(0, 'refused')
    expect([reachability.state, reachability.era, reachability.retryInMs, reachability.error]).toEqual(['open', null, 50, 'refused'])
    clock.turn(50)
    expect(probes).toHaveLength(1)
    expect(reachability.era).toBe(null)
    reachability.succeeded(probes[0] ?? -1)
    expect([reachability.state, reachability.retryInMs, reachability.error]).toEqual(['closed', null, null])
    expect(states).toEqual(['open', 'half_open', 'closed'])
    reachability.stop()
    expect(clock.armed).toBe(0)
  })

  test('does not listen to attempts from before', () => {
    const { clock, probes, reachability } = createScene()
    reachability.failed(0, 'refused')
    reachability.failed(0, 'refused')
    clock.turn(50)
    reachability.succeeded(0)
    expect([reachability.state, reachability.error]).toEqual(['half_open', 'refused'])
    reachability.failed(probes[0] ?? -1, 'still refused')
    expect(reachability.state).toBe('open')
    reachability.stop()
  })
})
