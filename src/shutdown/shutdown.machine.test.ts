import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { expectHonestAlarm, expectPure, expectSettles, storyOf, walk, type MachineUnderTest } from '../../test/support/machine-laws.ts'
import { running, shutdownDueAt, stepShutdown, type Shutdown, type ShutdownEffect, type ShutdownEvent } from './shutdown.machine.ts'

const policy = {
  deadlineMs: 10_000,
  phases: [
    { atMostMs: 8_000, reservedMs: 0 },
    { atMostMs: 5_000, reservedMs: 3_000 },
    { atMostMs: 1_000, reservedMs: 500 },
  ],
}

const machine: MachineUnderTest<Shutdown, ShutdownEvent, ShutdownEffect> = {
  initial: running,
  step: (state, event, moment) => stepShutdown(state, event, moment, policy),
  dueAt: shutdownDueAt,
  due: { tag: 'Due' },
}

const abandoned = fc.record({ requests: fc.nat(2), transactions: fc.nat(2), processes: fc.nat(1) })
const event: fc.Arbitrary<ShutdownEvent> = fc.oneof(
  fc.record({ tag: fc.constant('Signalled' as const), signal: fc.constantFrom('SIGTERM' as const, 'SIGINT' as const) }),
  fc.record({ tag: fc.constant('Asked' as const), code: fc.constantFrom(0, 74) }),
  fc.record({ tag: fc.constant('PhaseEnded' as const), phase: fc.nat(3), abandoned }),
  fc.record({ tag: fc.constant('ForceArmed' as const), atMs: fc.nat(20_000) }),
  fc.constant<ShutdownEvent>({ tag: 'Due' }),
)
const story = storyOf(event)

const nothing = { requests: 0, transactions: 0, processes: 0 }
const ended = (phase: number, cut = nothing): ShutdownEvent => ({ tag: 'PhaseEnded', phase, abandoned: cut })
const term: ShutdownEvent = { tag: 'Signalled', signal: 'SIGTERM' }

function play(...events: readonly (readonly [number, ShutdownEvent])[]) {
  return walk(
    machine,
    events.map(([afterMs, event]) => ({ event, afterMs, random: 0 })),
  )
}

describe('the way down', () => {
  test('is pure and total', () => expectPure(machine, story))
  test('has an honest alarm', () => expectHonestAlarm(machine, story))
  test('comes to its end by time alone', () => expectSettles(machine, story, term, (state) => state.tag === 'Ended'))

  test('runs the phases in order, one at a time', () => {
    fc.assert(
      fc.property(story, (happenings) => {
        const begun = walk(machine, happenings).flatMap(({ after }) =>
          after.effects.flatMap((effect) => (effect.tag === 'RunPhase' ? [effect.phase] : [])),
        )
        expect(begun).toEqual(begun.map((_, index) => index))
      }),
    )
  })

  test('exits once', () => {
    fc.assert(
      fc.property(story, (happenings) => {
        const exits = walk(machine, happenings).flatMap(({ after }) => after.effects.filter((effect) => effect.tag === 'Exit'))
        expect(exits.length).toBeLessThanOrEqual(1)
      }),
    )
  })

  test('never lasts longer than its deadline', () => {
    fc.assert(
      fc.property(story, (happenings) => {
        let begunMs: number | null = null
        for (const { before, after, nowMs } of walk(machine, happenings)) {
          if (before.tag === 'Running' && after.state.tag === 'Stopping') begunMs = nowMs
          if (begunMs !== null) expect(shutdownDueAt(after.state) ?? 0).toBeLessThanOrEqual(Math.max(nowMs, begunMs + policy.deadlineMs))
        }
      }),
    )
  })

  test('exits 0 when everything was drained', () => {
    const last = play([0, term], [10, ended(0)], [10, ended(1)], [10, ended(2)]).at(-1)
    expect(last?.after.effects).toEqual([{ tag: 'Exit', code: 0, abandoned: nothing }])
  })

  test('exits 75 when something was cut off, and says what', () => {
    const last = play([0, term], [10, ended(0, { requests: 2, transactions: 0, processes: 0 })], [10, ended(1)], [10, ended(2)]).at(-1)
    expect(last?.after.effects).toEqual([{ tag: 'Exit', code: 75, abandoned: { requests: 2, transactions: 0, processes: 0 } }])
  })

  test('keeps the code of what asked for it', () => {
    const last = play(
      [0, { tag: 'Asked', code: 74 }],
      [10, ended(0)],
      [10, ended(1, { requests: 1, transactions: 0, processes: 0 })],
      [10, ended(2)],
    ).at(-1)
    expect(last?.after.effects).toContainEqual(expect.objectContaining({ tag: 'Exit', code: 74 }))
  })

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('a second %s kills everything and exits %i', (signal, code) => {
    const last = play([0, term], [10, { tag: 'Signalled', signal }]).at(-1)
    expect(last?.after.effects.map((effect) => effect.tag)).toEqual(['KillEverything', 'Exit'])
    expect(last?.after.state).toEqual({ tag: 'Ended', code })
  })

  test('leaves later phases the time that is reserved for them', () => {
    const first = play([0, term])[0]
    expect(first?.after.effects).toEqual([{ tag: 'RunPhase', phase: 0, deadlineMs: 6_500 }])
  })

  test('leaves the first phase half of a deadline that is shorter than what is reserved', () => {
    const short = { ...policy, deadlineMs: 1_000 }
    expect(stepShutdown(running, term, { nowMs: 0, random: 0 }, short).effects).toEqual([{ tag: 'RunPhase', phase: 0, deadlineMs: 500 }])
  })

  test('is not moved by a phase that ends late', () => {
    const scenes = play([0, term], [6_500, { tag: 'Due' }], [10, ended(0)])
    expect(scenes.at(-1)?.after.effects).toEqual([])
  })

  test('ends by force at an armed instant although nobody asked', () => {
    const last = play([0, { tag: 'ForceArmed', atMs: 500 }], [500, { tag: 'Due' }]).at(-1)
    expect(last?.after.state).toEqual({ tag: 'Ended', code: 75 })
  })
})
