import type { RunEnd } from '../events/workers.ts'
import type { Step } from '../resilience/moment.ts'
import type { WorkersSettings } from './options.ts'

/**
 * The life of one worker: a numbered slot that should hold a live process, one run after the other.
 *
 *     Idle      ──start──► Queued
 *     Queued    ──its turn──► Starting
 *     Starting  ──answered──► Ready   ──exited──► Waiting   ──late, told to end──► Killed   ──crashing──► Draining
 *     Ready     ──exited──► Settling   ──replace, hang, crashing──► Draining   ──over its hard limit──► Killed
 *     Draining  ──drained, or its bound──► Stopping (hang, crashing: Killed)   ──exited──► Settling (never ready: Waiting)
 *     Stopping  ──exited──► Queued   ──its deadline──► Killed
 *     Killed    ──exited──► Queued where that was wished, else Settling (never ready: Waiting)
 *     Settling  ──it held a request──► Queued   ──it held none──► Waiting
 *     Waiting   ──due──► Queued
 *     GivenUp   ──restart──► Queued
 *
 * `Stop` leads to Stopped and `GiveUp` to GivenUp: at once where no run lives, else by way of its end.
 * A run's number answers for it: news of another run changes nothing.
 */
export type Worker =
  | { readonly tag: 'Idle'; readonly past: Past }
  /** Wants a start, and waits for its turn among the workers. */
  | { readonly tag: 'Queued'; readonly past: Past }
  | { readonly tag: 'Starting'; readonly run: number; readonly deadline: Deadline; readonly blameless: boolean; readonly past: Past }
  | { readonly tag: 'Ready'; readonly run: number; readonly stableAtMs: number | null; readonly past: Past }
  | ({ readonly tag: 'Draining'; readonly untilMs: number } & Leaving)
  | ({ readonly tag: 'Stopping'; readonly killAtMs: number } & Leaving)
  /** SIGKILL was sent: nothing but its exit can follow. */
  | ({ readonly tag: 'Killed' } & Leaving)
  /** Ended unasked: whether it held requests decides between another start at once and a wait. */
  | { readonly tag: 'Settling'; readonly run: number; readonly untilMs: number; readonly past: Past }
  | { readonly tag: 'Waiting'; readonly untilMs: number; readonly past: Past }
  | { readonly tag: 'Stopped' }
  | { readonly tag: 'GivenUp'; readonly past: Past }

/** What a worker remembers across its runs. */
export interface Past {
  /** Failures in a row: the next wait grows with them. */
  readonly attempts: number
  /** Those of them that count towards giving up. */
  readonly failures: number
  /** A database's breaker isn't closed: start deadlines stand still and failed starts don't count. */
  readonly paused: boolean
}

/** What a run that shall end carries to its end. */
export interface Leaving {
  readonly run: number
  readonly why: RunEnd
  readonly wasReady: boolean
  readonly blameless: boolean
  readonly next: 'Replace' | 'Stop' | 'GiveUp'
  readonly past: Past
}

export type Deadline = { readonly tag: 'Running'; readonly atMs: number } | { readonly tag: 'Paused'; readonly leftMs: number }

export type WorkerMachineEvent =
  | { readonly tag: 'Start' }
  /** Its turn has come; the run's number. */
  | { readonly tag: 'Granted'; readonly run: number }
  | { readonly tag: 'Answered'; readonly run: number }
  /** Reaped, its process group killed. */
  | { readonly tag: 'Exited'; readonly run: number }
  | { readonly tag: 'Held'; readonly run: number; readonly held: boolean }
  | { readonly tag: 'Drained'; readonly run: number }
  | { readonly tag: 'Replace'; readonly run: number; readonly why: 'asked' | 'memory' }
  | { readonly tag: 'Kill'; readonly run: number; readonly why: KillReason }
  | { readonly tag: 'Pause'; readonly paused: boolean }
  | { readonly tag: 'Restart' }
  | { readonly tag: 'Stop'; readonly killAtMs: number }
  | { readonly tag: 'GiveUp' }
  | { readonly tag: 'Due' }

export type KillReason = 'hang' | 'memory' | 'crashed'

export type WorkerEffect =
  | { readonly tag: 'AskTurn' }
  | { readonly tag: 'LeaveQueue' }
  | { readonly tag: 'Boot'; readonly run: number }
  | { readonly tag: 'Drain'; readonly run: number; readonly why: RunEnd }
  /** The server's own drain signal. */
  | { readonly tag: 'Signal'; readonly run: number }
  | { readonly tag: 'Kill'; readonly run: number }
  | { readonly tag: 'AskHeld'; readonly run: number }
  | { readonly tag: 'TellReady'; readonly run: number }
  | { readonly tag: 'TellEnded'; readonly run: number; readonly why: RunEnd; readonly wasReady: boolean }
  | { readonly tag: 'TellScheduled'; readonly inMs: number; readonly failures: number; readonly counted: boolean }

export type WorkerPolicy = Pick<
  WorkersSettings,
  'startTimeoutMs' | 'drainTimeoutMs' | 'stopTimeoutMs' | 'hangDrainMs' | 'crashGraceMs' | 'heldTimeoutMs'
> & { readonly restart: Pick<WorkersSettings['restart'], 'backoff' | 'stableAfterMs'> }

export type WorkerStep = Step<Worker, WorkerEffect>

export const idleWorker: Worker = { tag: 'Idle', past: { attempts: 0, failures: 0, paused: false } }

/** The instant at which the shell must send `Due`; null while nothing can expire. */
export function workerDueAt(worker: Worker): number | null {
  if (worker.tag === 'Starting') return worker.deadline.tag === 'Running' ? worker.deadline.atMs : null
  if (worker.tag === 'Ready') return worker.stableAtMs
  if (worker.tag === 'Stopping') return worker.killAtMs
  return 'untilMs' in worker ? worker.untilMs : null
}

/** The run that is alive, or was last asked to be; null between two runs. */
export function liveRunOf(worker: Worker): number | null {
  return 'run' in worker && worker.tag !== 'Settling' ? worker.run : null
}

export function become(state: Worker, ...effects: readonly WorkerEffect[]): WorkerStep {
  return { state, effects }
}
