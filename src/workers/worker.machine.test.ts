import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { expectHonestAlarm, expectPure, expectSettles, storyOf, walk, type Happening } from '../../test/support/machine-laws.ts'
import { policy, Stage, turns } from '../../test/support/worker-stage.ts'
import { stepWorker } from './worker.machine.ts'
import { idleWorker, liveRunOf, workerDueAt, type Worker, type WorkerMachineEvent } from './worker.ts'

const machine = {
  initial: idleWorker,
  step: (state: Worker, event: WorkerMachineEvent, moment: { nowMs: number; random: number }) => stepWorker(state, event, moment, policy),
  dueAt: workerDueAt,
  due: { tag: 'Due' } as const,
}

/** Runs 1 to 3, so that stale news is as common as fresh. */
const run = fc.integer({ min: 1, max: 3 })
const anyEvent: fc.Arbitrary<WorkerMachineEvent> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ tag: fc.constantFrom('Granted' as const, 'Answered' as const, 'Exited' as const, 'Drained' as const), run }),
  },
  { weight: 3, arbitrary: fc.record({ tag: fc.constantFrom('Due' as const, 'Start' as const, 'Restart' as const) }) },
  fc.record({ tag: fc.constant('Held' as const), run, held: fc.boolean() }),
  fc.record({ tag: fc.constant('Replace' as const), run, why: fc.constantFrom('asked' as const, 'memory' as const) }),
  fc.record({ tag: fc.constant('Kill' as const), run, why: fc.constantFrom('hang' as const, 'memory' as const, 'crashed' as const) }),
  fc.record({ tag: fc.constant('Pause' as const), paused: fc.boolean() }),
  fc.oneof(
    { weight: 20, arbitrary: fc.constant<WorkerMachineEvent>({ tag: 'Due' }) },
    { weight: 4, arbitrary: fc.constant<WorkerMachineEvent>({ tag: 'GiveUp' }) },
    { weight: 1, arbitrary: fc.nat(100_000).map((killAtMs): WorkerMachineEvent => ({ tag: 'Stop', killAtMs })) },
  ),
)
const anyStory = storyOf(anyEvent)

describe('the laws of a worker', () => {
  test('total and pure', () => expectPure(machine, anyStory))
  test('honest alarm', () => expectHonestAlarm(machine, anyStory))

  test('news of another run changes nothing', () => {
    fc.assert(
      fc.property(anyStory, (story) => {
        for (const { before, event, after } of walk(machine, story)) {
          if (!('run' in event) || event.tag === 'Granted') continue
          if (!('run' in before) || before.run !== event.run) expect(after).toEqual({ state: before, effects: [] })
        }
      }),
    )
  })

  test('conserved: a run is live exactly while it was booted and not told ended', () => {
    fc.assert(
      fc.property(anyStory, (story) => {
        let live = 0
        for (const { after } of walk(machine, story)) {
          for (const effect of after.effects) live += effect.tag === 'Boot' ? 1 : effect.tag === 'TellEnded' ? -1 : 0
          expect(live).toBe(liveRunOf(after.state) === null ? 0 : 1)
        }
      }),
    )
  })

  test('settles: after Stop, time and SIGKILL reach the end', () => {
    fc.assert(
      fc.property(turns, (story) => {
        const stage = new Stage()
        stage.send({ tag: 'Start' })
        for (const turn of story) stage.play(turn)
        stage.send({ tag: 'Stop', killAtMs: stage.nowMs + 1_000 })
        stage.wait(1_000)
        expect(stage.worker).toEqual({ tag: 'Stopped' })
      }),
    )
    expectSettles(machine, fc.constant([]), { tag: 'Stop', killAtMs: 10 }, (state) => state.tag === 'Stopped')
  })

  test.each(live)('names its run while it is %s', (tag) => {
    fc.assert(
      fc.property(anyStory, (story) => {
        for (const { after } of walk(machine, lively(story))) if (after.state.tag === tag) expect(liveRunOf(after.state)).toBe(1)
      }),
    )
  })

  test('edges: walked are those that are drawn', () => {
    const walked = new Set<string>()
    const stories = fc.sample(storyOf(anyEvent, 200), { numRuns: 1_000, seed: 7 })
    for (const story of stories)
      for (const { before, after } of walk(machine, lively(story)))
        if (before.tag !== after.state.tag) walked.add(`${before.tag}>${after.state.tag}`)
    expect([...walked].sort()).toEqual(drawn)
  })
})

/** Gives each story a first start, and each event the number of a run that is likely to be the live one. */
function lively(story: readonly Happening<WorkerMachineEvent>[]): Happening<WorkerMachineEvent>[] {
  return [
    { event: { tag: 'Start' }, afterMs: 0, random: 0 },
    ...story.map((happening) => ('run' in happening.event ? { ...happening, event: { ...happening.event, run: 1 } } : happening)),
  ]
}

const live = ['Draining', 'Killed', 'Ready', 'Starting', 'Stopping']
const drawn = [
  'Draining>Killed',
  'Draining>Settling',
  'Draining>Stopped',
  'Draining>GivenUp',
  'Draining>Stopping',
  'Draining>Waiting',
  'GivenUp>Queued',
  'GivenUp>Stopped',
  'Idle>Queued',
  'Killed>GivenUp',
  'Killed>Queued',
  'Killed>Settling',
  'Killed>Stopped',
  'Killed>Waiting',
  'Queued>GivenUp',
  'Queued>Starting',
  'Queued>Stopped',
  'Ready>Draining',
  'Ready>Killed',
  'Ready>Settling',
  'Ready>Stopping',
  'Settling>GivenUp',
  'Settling>Queued',
  'Settling>Stopped',
  'Settling>Waiting',
  'Starting>Draining',
  'Starting>Killed',
  'Starting>Ready',
  'Starting>Waiting',
  'Stopping>GivenUp',
  'Stopping>Killed',
  'Stopping>Queued',
  'Stopping>Stopped',
  'Waiting>GivenUp',
  'Waiting>Queued',
  'Waiting>Stopped',
].sort()
