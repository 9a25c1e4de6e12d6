import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { expectHonestAlarm, expectPure, storyOf, walk } from '../../../test/support/machine-laws.ts'
import { createSessionMachine, type Loss, type SessionEvent, type SessionPolicy } from './client-session.machine.ts'

const policy: SessionPolicy = { startupTimeoutMs: 15_000, queueDeadlineMs: 30_000, prepareTimeoutMs: 5_000, judgeTimeoutMs: 1_000 }

const machine = createSessionMachine(0, policy)

const lease = fc.integer({ min: 1, max: 3 })
const server = fc.integer({ min: 1, max: 3 })
const loss = fc.constantFrom<Loss>('movable', 'owing', 'lost', 'in-doubt')
const happening: fc.Arbitrary<SessionEvent> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ tag: fc.constantFrom('StartupRead' as const, 'Spoke' as const), lease }) },
  { weight: 6, arbitrary: fc.record({ tag: fc.constant('Granted' as const), lease, server }) },
  { weight: 6, arbitrary: fc.record({ tag: fc.constant('Prepared' as const), server }) },
  { weight: 1, arbitrary: fc.record({ tag: fc.constant('PrepareRefused' as const), server }) },
  { weight: 3, arbitrary: fc.record({ tag: fc.constant('ServerLost' as const), server, loss, fatal: fc.boolean(), lease }) },
  { weight: 3, arbitrary: fc.record({ tag: fc.constant('Judged' as const), server, away: fc.boolean(), lease }) },
  {
    weight: 1,
    arbitrary: fc.record({ tag: fc.constant('Refused' as const), lease, why: fc.constantFrom('deadline' as const, 'stopping' as const) }),
  },
  { weight: 1, arbitrary: fc.constantFrom<SessionEvent>({ tag: 'ClientGone' }, { tag: 'End', why: 'run-ended' }) },
  { weight: 2, arbitrary: fc.constant<SessionEvent>({ tag: 'Due' }) },
)
const story = storyOf(happening, 100, 2_000)

function play(...events: SessionEvent[]) {
  return walk(
    machine,
    events.map((event) => ({ event, afterMs: 10, random: 0.5 })),
  ).at(-1)
}

const serving: SessionEvent[] = [
  { tag: 'StartupRead', lease: 1 },
  { tag: 'Granted', lease: 1, server: 7 },
  { tag: 'Prepared', server: 7 },
]

describe("a client's session", () => {
  test('is total and pure', () => expectPure(machine, story))
  test('names an instant whenever waiting alone must change it', () => expectHonestAlarm(machine, story))

  test('gives back each connection that it was given and that was not lost, and withdraws what it still asks for', () => {
    fc.assert(
      fc.property(story, (happenings) => {
        for (const { before, event, after } of walk(machine, happenings)) {
          const held = before.tag === 'Preparing' || before.tag === 'Serving' ? before.server : null
          const holds = after.state.tag === 'Preparing' || after.state.tag === 'Serving' ? after.state.server : null
          const lost = event.tag === 'ServerLost' && event.server === held
          const released = after.effects.some((effect) => effect.tag === 'Release' && effect.server === held)
          expect(released).toBe(held !== null && holds !== held && !lost)
          const withdrawn = after.effects.some(({ tag }) => tag === 'Withdraw')
          expect(withdrawn).toBe(
            before.tag === 'Waiting' && event.tag !== 'Granted' && event.tag !== 'Refused' && after.state.tag === 'Ended',
          )
        }
      }),
    )
  })

  test('is not moved by an answer to a question that it no longer asks', () => {
    fc.assert(
      fc.property(story, (happenings) => {
        for (const { before, event, after } of walk(machine, happenings)) {
          const staleLease =
            (event.tag === 'Granted' || event.tag === 'Refused') && !(before.tag === 'Waiting' && before.lease === event.lease)
          const staleServer =
            (event.tag === 'Prepared' || event.tag === 'PrepareRefused' || event.tag === 'ServerLost' || event.tag === 'Judged') &&
            !('server' in before && before.server === event.server)
          if (staleLease || staleServer) expect(after).toEqual({ state: before, effects: [] })
        }
      }),
    )
  })

  test('asks once for each state of waiting, with the number that it waits for', () => {
    fc.assert(
      fc.property(story, (happenings) => {
        for (const { before, after } of walk(machine, happenings)) {
          const asks = after.effects.filter(({ tag }) => tag === 'Ask')
          const waits =
            after.state.tag === 'Waiting' && before !== after.state
              ? [{ tag: 'Ask', lease: after.state.lease, untilMs: after.state.untilMs }]
              : []
          expect(asks).toEqual(waits)
        }
      }),
    )
  })

  test('closes the client once, and does nothing afterwards', () => {
    fc.assert(
      fc.property(story, (happenings) => {
        const scenes = walk(machine, happenings)
        expect(scenes.flatMap(({ after }) => after.effects).filter(({ tag }) => tag === 'CloseClient').length).toBeLessThanOrEqual(1)
        for (const { before, after } of scenes) if (before.tag === 'Ended') expect(after).toEqual({ state: before, effects: [] })
      }),
    )
  })

  test.each([
    ['movable', 'Paused', []],
    ['owing', 'Waiting', [{ tag: 'Ask', lease: 2, untilMs: 30_040 }]],
    ['lost', 'Ended', [{ tag: 'Tell', about: 'session-lost' }, { tag: 'CloseClient' }]],
    ['in-doubt', 'Ended', [{ tag: 'Tell', about: 'outcome-unknown' }, { tag: 'CloseClient' }]],
  ] as const)('whose server is away, having left it %s, becomes %s', (loss, tag, effects) => {
    const scene = play(...serving, { tag: 'ServerLost', server: 7, loss, fatal: false, lease: 2 })
    expect(scene?.after.state.tag).toBe(tag)
    expect(scene?.after.effects).toEqual(effects)
  })

  test("passes on a FATAL that was meant for it alone, and pauses when it was everybody's", () => {
    const fatal: SessionEvent = { tag: 'ServerLost', server: 7, loss: 'movable', fatal: true, lease: 2 }
    expect(play(...serving, fatal)?.after.effects).toEqual([{ tag: 'Judge', server: 7 }])
    expect(play(...serving, fatal, { tag: 'Judged', server: 7, away: true, lease: 3 })?.after.state).toEqual({ tag: 'Paused' })
    expect(play(...serving, fatal, { tag: 'Judged', server: 7, away: false, lease: 3 })?.after.effects).toEqual([
      { tag: 'Tell', about: 'server-fatal' },
      { tag: 'CloseClient' },
    ])
  })

  test('asks for a connection at once when its client has spoken before the judgement', () => {
    const lost: SessionEvent = { tag: 'ServerLost', server: 7, loss: 'movable', fatal: true, lease: 2 }
    const scene = play(...serving, lost, { tag: 'Spoke', lease: 3 }, { tag: 'Judged', server: 7, away: true, lease: 4 })
    expect(scene?.after.effects).toEqual([{ tag: 'Ask', lease: 4, untilMs: 30_060 }])
  })

  test('that loses a connection while it is prepared asks again within the same deadline', () => {
    const scene = play(...serving.slice(0, 2), { tag: 'ServerLost', server: 7, loss: 'movable', fatal: false, lease: 2 })
    expect(scene?.after.state).toEqual({ tag: 'Waiting', lease: 2, fresh: true, untilMs: 30_010 })
  })

  test('that is paused waits for a connection only when its client speaks', () => {
    const paused: SessionEvent[] = [...serving, { tag: 'ServerLost', server: 7, loss: 'movable', fatal: false, lease: 2 }]
    expect(play(...paused, { tag: 'Spoke', lease: 3 })?.after.effects).toEqual([{ tag: 'Ask', lease: 3, untilMs: 30_050 }])
  })
})
