import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { expectHonestAlarm, expectPure, expectSettles, storyOf, walk, type Happening } from '../../test/support/machine-laws.ts'
import { stepWorker } from './worker.machine.ts'
import { idleWorker, liveRunOf, workerDueAt, type Worker, type WorkerEffect, type WorkerMachineEvent, type WorkerPolicy } from './worker.ts'

const policy: WorkerPolicy = {
  startTimeoutMs: 3_000,
  drainTimeoutMs: 2_000,
  stopTimeoutMs: 1_000,
  hangDrainMs: 500,
  crashGraceMs: 700,
  heldTimeoutMs: 100,
  restart: { backoff: { baseMs: 500, capMs: 30_000 }, stableAfterMs: 4_000 },
}

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

/** What a real shell would report: each run's news only while it lives, numbers that never come twice. */
type Turn = {
  readonly afterMs: number
  readonly random: number
  readonly what: 'wait' | 'die' | 'answer' | 'hold' | 'replace' | 'hang' | 'pause' | 'resume'
}
const turns = fc.array(
  fc.record({
    afterMs: fc.nat(3_000),
    random: fc.double({ min: 0, max: 0.999_999, noNaN: true }),
    what: fc.constantFrom('wait', 'wait', 'die', 'die', 'answer', 'hold', 'replace', 'hang', 'pause', 'resume'),
  }) satisfies fc.Arbitrary<Turn>,
  { maxLength: 120, size: 'max' },
)

/** A shell that grants turns at once and obeys SIGKILL at once; other signals are obeyed at the next `die`. */
class Stage {
  worker: Worker = idleWorker
  nowMs = 0
  runs = 0
  readonly effects: { readonly atMs: number; readonly effect: WorkerEffect }[] = []

  send(event: WorkerMachineEvent, random = 0.5): void {
    const { state, effects } = stepWorker(this.worker, event, { nowMs: this.nowMs, random }, policy)
    this.worker = state
    for (const effect of effects) {
      this.effects.push({ atMs: this.nowMs, effect })
      if (effect.tag === 'AskTurn') this.send({ tag: 'Granted', run: (this.runs += 1) }, random)
      if (effect.tag === 'Kill') this.send({ tag: 'Exited', run: effect.run }, random)
    }
  }

  wait(ms: number, random = 0.5): void {
    const endMs = this.nowMs + ms
    for (let dueMs = workerDueAt(this.worker); dueMs !== null && dueMs <= endMs; dueMs = workerDueAt(this.worker)) {
      this.nowMs = Math.max(this.nowMs, dueMs)
      this.send({ tag: 'Due' }, random)
    }
    this.nowMs = endMs
  }

  play({ afterMs, random, what }: Turn): void {
    this.wait(afterMs, random)
    const run = this.runs
    if (what === 'die') this.send({ tag: 'Exited', run }, random)
    if (what === 'answer') this.send({ tag: 'Answered', run }, random)
    if (what === 'hold') this.send({ tag: 'Held', run, held: true }, random)
    if (what === 'replace') this.send({ tag: 'Replace', run, why: 'asked' }, random)
    if (what === 'hang') this.send({ tag: 'Kill', run, why: 'hang' }, random)
    if (what === 'pause' || what === 'resume') this.send({ tag: 'Pause', paused: what === 'pause' }, random)
  }

  tags(): string[] {
    return this.effects.map(({ effect }) => effect.tag)
  }

  starts(): number[] {
    return this.effects.filter(({ effect }) => effect.tag === 'Boot').map(({ atMs }) => atMs)
  }
}

function ready(): Stage {
  const stage = new Stage()
  stage.send({ tag: 'Start' })
  stage.send({ tag: 'Answered', run: 1 })
  return stage
}

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
  'Starting>Stopping',
  'Starting>Waiting',
  'Stopping>GivenUp',
  'Stopping>Killed',
  'Stopping>Queued',
  'Stopping>Stopped',
  'Waiting>GivenUp',
  'Waiting>Queued',
  'Waiting>Stopped',
].sort()

describe('a worker', () => {
  test('starts at most 5 times in the first 2 s when it dies at once, whatever the dice say', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 0.999_999, noNaN: true }), { minLength: 40, maxLength: 40 }), (dice) => {
        const stage = new Stage()
        stage.send({ tag: 'Start' })
        for (const random of dice) {
          stage.send({ tag: 'Exited', run: stage.runs }, random)
          stage.wait(workerDueAt(stage.worker)! - stage.nowMs, random)
        }
        expect(stage.starts().filter((atMs) => atMs < 2_000).length).toBeLessThanOrEqual(5)
      }),
    )
  })

  test('waits longer after each failed start, never past the cap', () => {
    const stage = new Stage()
    stage.send({ tag: 'Start' })
    const waits = Array.from({ length: 9 }, () => {
      stage.send({ tag: 'Exited', run: stage.runs }, 0.999_999)
      const waitMs = workerDueAt(stage.worker)! - stage.nowMs
      stage.wait(waitMs)
      return waitMs
    })
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000])
  })

  test('is killed at its start deadline, and that counts as a failure', () => {
    const stage = new Stage()
    stage.send({ tag: 'Start' })
    stage.wait(3_000)
    expect(stage.effects.map(({ effect }) => effect)).toContainEqual({ tag: 'TellEnded', run: 1, why: 'start-timeout', wasReady: false })
    expect(stage.worker).toMatchObject({ tag: 'Waiting', past: { attempts: 1, failures: 1 } })
  })

  test('that died holding a request starts again at once, and nothing is counted', () => {
    const stage = ready()
    stage.send({ tag: 'Exited', run: 1 })
    stage.send({ tag: 'Held', run: 1, held: true })
    expect(stage.worker).toMatchObject({ tag: 'Starting', run: 2, past: { attempts: 0, failures: 0 } })
    expect(stage.starts()).toEqual([0, 0])
  })

  test('that died holding nothing, or of which nobody says what it held, waits', () => {
    for (const tell of [(stage: Stage) => stage.send({ tag: 'Held', run: 1, held: false }), (stage: Stage) => stage.wait(100)]) {
      const stage = ready()
      stage.send({ tag: 'Exited', run: 1 })
      tell(stage)
      expect(stage.worker).toMatchObject({ tag: 'Waiting', past: { attempts: 1, failures: 1 } })
    }
  })

  test('forgets its failures after it was ready for long enough, not before', () => {
    const stage = new Stage()
    stage.send({ tag: 'Start' })
    stage.send({ tag: 'Exited', run: 1 })
    stage.wait(500)
    stage.send({ tag: 'Answered', run: 2 })
    stage.wait(3_999)
    expect(stage.worker).toMatchObject({ tag: 'Ready', past: { failures: 1 } })
    stage.wait(1)
    expect(stage.worker).toMatchObject({ tag: 'Ready', past: { failures: 0 } })
  })

  test('does not time out, nor count a failed start, while a database is away', () => {
    const stage = new Stage()
    stage.send({ tag: 'Start' })
    stage.wait(1_000)
    stage.send({ tag: 'Pause', paused: true })
    stage.wait(600_000)
    expect(stage.worker.tag).toBe('Starting')
    stage.send({ tag: 'Pause', paused: false })
    stage.wait(1_999)
    expect(stage.worker.tag).toBe('Starting')
    stage.wait(1)
    expect(stage.worker).toMatchObject({ tag: 'Waiting', past: { attempts: 1, failures: 0 } })
  })

  test('that dies while a database is away waits, and that does not count', () => {
    const stage = ready()
    stage.send({ tag: 'Pause', paused: true })
    stage.send({ tag: 'Exited', run: 1 })
    stage.send({ tag: 'Held', run: 1, held: false })
    expect(stage.worker).toMatchObject({ tag: 'Waiting', past: { attempts: 1, failures: 0 } })
  })

  test('a later Stop can bring its deadline nearer, not further', () => {
    for (const [first, second] of [
      [1_000, 5_000],
      [5_000, 1_000],
    ] as const) {
      const stage = ready()
      stage.send({ tag: 'Stop', killAtMs: first })
      stage.send({ tag: 'Stop', killAtMs: second })
      stage.wait(999)
      expect(stage.worker.tag).toBe('Stopping')
      stage.wait(1)
      expect(stage.worker.tag).toBe('Stopped')
    }
  })

  test('tries again soon when the database is back, however long it had backed off', () => {
    const stage = new Stage()
    stage.send({ tag: 'Start' })
    stage.send({ tag: 'Pause', paused: true })
    for (let death = 0; death < 12; death += 1) {
      stage.send({ tag: 'Exited', run: stage.runs }, 0.99)
      if (death < 11) stage.wait(30_000)
    }
    stage.send({ tag: 'Pause', paused: false })
    expect(workerDueAt(stage.worker)! - stage.nowMs).toBeLessThanOrEqual(500)
    expect(stage.worker).toMatchObject({ past: { failures: 0 } })
  })

  test('is drained, then gets its signal, then SIGKILL at the deadline', () => {
    const stage = ready()
    stage.send({ tag: 'Replace', run: 1, why: 'asked' })
    stage.wait(2_000)
    expect(stage.worker.tag).toBe('Stopping')
    stage.wait(1_000)
    expect(stage.tags().slice(3)).toEqual(['Drain', 'Signal', 'Kill', 'TellEnded', 'AskTurn', 'Boot'])
    expect(stage.effects.at(-3)?.effect).toMatchObject({ why: 'drain-timeout' })
  })

  test('gets its signal as soon as its last request is answered', () => {
    const stage = ready()
    stage.send({ tag: 'Replace', run: 1, why: 'memory' })
    stage.send({ tag: 'Drained', run: 1 })
    stage.send({ tag: 'Exited', run: 1 })
    expect(stage.tags().slice(3)).toEqual(['Drain', 'Signal', 'TellEnded', 'AskTurn', 'Boot'])
  })

  test('that hangs is killed without a signal once its other requests are done, or at the bound', () => {
    for (const finish of [(stage: Stage) => stage.send({ tag: 'Drained', run: 1 }), (stage: Stage) => stage.wait(500)]) {
      const stage = ready()
      stage.send({ tag: 'Kill', run: 1, why: 'hang' })
      finish(stage)
      expect(stage.tags().slice(3)).toEqual(['Drain', 'Kill', 'TellEnded', 'AskTurn', 'Boot'])
    }
  })

  test('that writes a crash report may finish it, even when its last request is gone', () => {
    const stage = ready()
    stage.send({ tag: 'Kill', run: 1, why: 'crashed' })
    stage.send({ tag: 'Drained', run: 1 })
    expect(stage.worker.tag).toBe('Draining')
    stage.wait(700)
    expect(stage.tags().slice(3)).toEqual(['Drain', 'Kill', 'TellEnded', 'AskHeld'])
  })

  test('that crashes at boot may finish its report, within its start deadline', () => {
    for (const [bootedForMs, graceMs] of [
      [0, 700],
      [2_800, 200],
    ] as const) {
      const stage = new Stage()
      stage.send({ tag: 'Start' })
      stage.wait(bootedForMs)
      stage.send({ tag: 'Kill', run: 1, why: 'crashed' })
      stage.wait(graceMs - 1)
      expect(stage.worker.tag).toBe('Draining')
      stage.wait(1)
      expect(stage.worker).toMatchObject({ tag: 'Waiting', past: { failures: 1 } })
    }
  })

  test('past its hard memory limit is killed at once', () => {
    const stage = ready()
    stage.send({ tag: 'Kill', run: 1, why: 'memory' })
    expect(stage.tags().slice(3)).toEqual(['Kill', 'TellEnded', 'AskHeld'])
  })

  test('that stops gets no new run, whatever it was doing', () => {
    fc.assert(
      fc.property(turns, (story) => {
        const stage = new Stage()
        stage.send({ tag: 'Start' })
        for (const turn of story) stage.play(turn)
        stage.send({ tag: 'Stop', killAtMs: stage.nowMs + 5_000 })
        const { runs } = stage
        for (const turn of story) stage.play(turn)
        stage.wait(10_000)
        expect(stage.runs).toBe(runs)
        expect(stage.worker.tag).toBe('Stopped')
      }),
    )
  })

  test('that gave up starts again only when asked', () => {
    const stage = new Stage()
    stage.send({ tag: 'Start' })
    stage.send({ tag: 'GiveUp' })
    stage.wait(600_000)
    expect(stage.worker.tag).toBe('GivenUp')
    stage.send({ tag: 'Restart' })
    expect(stage.worker.tag).toBe('Starting')
  })

  test.each(live)('names its run while it is %s', (tag) => {
    fc.assert(
      fc.property(anyStory, (story) => {
        for (const { after } of walk(machine, lively(story))) if (after.state.tag === tag) expect(liveRunOf(after.state)).toBe(1)
      }),
    )
  })
})
