import type { Abandoned } from '../part.ts'

/** One step of the way down. Phases run in order, one at a time. */
export interface ShutdownPhase {
  readonly name: string
  /** The longest that it may take, in milliseconds; less when the deadline is near. */
  readonly atMostMs: number
  /** What earlier phases must leave for it, in milliseconds. */
  readonly reservedMs: number
  /** There is nothing for it to take down: it runs, but need not be told. */
  isIdle(): boolean
  /** Must resolve by `deadlineMs` (monotonic); it is not waited for any longer. */
  run(deadlineMs: number): Promise<Abandoned>
}

export type HandledSignal = 'SIGTERM' | 'SIGINT' | 'SIGHUP' | 'SIGUSR1'

/** The process as the handler sees it. Only GracefulSignalHandler touches the process, and only when it is started. */
export interface ProcessPort {
  /** Calls back outside any signal context: Node delivers signals on its event loop. Returns what removes the handler. */
  onSignal(signal: HandledSignal, call: () => void): () => void
  /** Ends the process with this code. */
  exit(code: number): void
}

export interface ShutdownPorts {
  readonly process: ProcessPort
  readonly phases: readonly ShutdownPhase[]
  /** The last resort, synchronous: SIGKILL to everything that was started. */
  killEverything(): void
  /** SIGHUP. */
  reload(): void
  /** SIGUSR1. */
  rollingRestart(): void
}
