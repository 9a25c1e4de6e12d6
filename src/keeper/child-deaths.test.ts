import { describe, expect, test } from 'vitest'
import { ManualClock } from '../../test/support/manual-clock.ts'
import { ChildDeaths, type ChildrenEnded } from './child-deaths.ts'

const ended = (run: number, pid = 10): ChildrenEnded => ({ tag: 'ClusterWorkersEnded', worker: 1, run, pids: [pid], total: 1, uptimeMs: 1 })

function open() {
  const clock = new ManualClock()
  const crashes: ChildrenEnded[] = []
  return { clock, crashes, deaths: new ChildDeaths(clock, (event) => void crashes.push(event)) }
}

describe('the end of a worker that the server itself forked', () => {
  test('is a crash when its report came before', () => {
    const { clock, crashes, deaths } = open()
    deaths.reported(1)
    clock.turn(60_000)
    deaths.ended(ended(1))
    clock.turn(1_000)
    expect(crashes).toEqual([ended(1)])
  })

  test('is a crash when its report was read only after it', () => {
    const { clock, crashes, deaths } = open()
    deaths.ended(ended(1))
    clock.turn(300)
    deaths.reported(1)
    clock.turn(1_000)
    expect(crashes).toEqual([ended(1)])
  })

  test('is none without a report, nor with the report of another run, nor with one of much later', () => {
    const { clock, crashes, deaths } = open()
    deaths.ended(ended(1))
    deaths.reported(2)
    clock.turn(60_000)
    deaths.reported(1)
    clock.turn(1_000)
    expect(crashes).toEqual([])
    deaths.ended(ended(1, 11))
    clock.turn(1_000)
    expect(crashes).toEqual([ended(1, 11)])
  })

  test('is told once for each report, and not once its run is over', () => {
    const { clock, crashes, deaths } = open()
    deaths.reported(1)
    deaths.ended(ended(1))
    deaths.ended(ended(1, 11))
    clock.turn(1_000)
    deaths.reported(2)
    deaths.ended(ended(2))
    deaths.forget(2)
    clock.turn(1_000)
    expect(crashes).toEqual([ended(1)])
  })
})
