import fc from 'fast-check'
import { stepWorker } from '../../src/workers/worker.machine.ts'
import {
  idleWorker,
  workerDueAt,
  type Worker,
  type WorkerEffect,
  type WorkerMachineEvent,
  type WorkerPolicy,
} from '../../src/workers/worker.ts'

export const policy: WorkerPolicy = {
  startTimeoutMs: 3_000,
  drainTimeoutMs: 2_000,
  stopTimeoutMs: 1_000,
  hangDrainMs: 500,
  crashGraceMs: 700,
  heldTimeoutMs: 100,
  restart: { backoff: { baseMs: 500, capMs: 30_000 }, stableAfterMs: 4_000 },
}

/** What a real shell would report: each run's news only while it lives, numbers that never come twice. */
export type Turn = {
  readonly afterMs: number
  readonly random: number
  readonly what: 'wait' | 'die' | 'answer' | 'hold' | 'replace' | 'hang' | 'pause' | 'resume'
}
/** Stories of turns. */
export const turns = fc.array(
  fc.record({
    afterMs: fc.nat(3_000),
    random: fc.double({ min: 0, max: 0.999_999, noNaN: true }),
    what: fc.constantFrom('wait', 'wait', 'die', 'die', 'answer', 'hold', 'replace', 'hang', 'pause', 'resume'),
  }) satisfies fc.Arbitrary<Turn>,
  { maxLength: 120, size: 'max' },
)

/** A shell that grants turns at once and obeys SIGKILL at once; other signals are obeyed at the next `die`. */
export class Stage {
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

/** A worker whose first run serves. */
export function ready(): Stage {
  const stage = new Stage()
  stage.send({ tag: 'Start' })
  stage.send({ tag: 'Answered', run: 1 })
  return stage
}
