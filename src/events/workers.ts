/** How a process ended: exactly one of the two is not null (waitpid(2)). */
export interface ExitStatus {
  readonly code: number | null
  /** Name as in signal(7), `SIGSEGV`. */
  readonly signal: string | null
}

export type RunEnd = 'asked' | 'crashed' | 'start-failed' | 'start-timeout' | 'memory' | 'hang' | 'drain-timeout'

/** How one run ended, and what is known of it. */
export interface RunDeath {
  readonly worker: number
  readonly run: number
  /** 0: it could not even be spawned, and no `RunStarted` was told. Of a server's own worker (mode `cluster`): its end was not seen. */
  readonly pid: number
  readonly exit: ExitStatus
  readonly why: RunEnd
  /** Whether it had been ready at any time. */
  readonly ready: boolean
  readonly uptimeMs: number
  /** The last sample before the end, in MiB; null: none was taken. */
  readonly lastRssMb: number | null
}

/** Facts of WorkerProcessManager. `worker` counts from 1; `run` is unique in the life of one keeper. */
export type WorkersEvent =
  | { readonly tag: 'RunStarted'; readonly worker: number; readonly run: number; readonly pid: number }
  | { readonly tag: 'RunReady'; readonly worker: number; readonly run: number; readonly pid: number; readonly bootMs: number }
  | { readonly tag: 'RunDraining'; readonly worker: number; readonly run: number; readonly why: RunEnd }
  /** Reaped, its process group killed, all of its own output passed on. */
  | ({ readonly tag: 'RunExited' } & RunDeath)
  | { readonly tag: 'RestartScheduled'; readonly worker: number; readonly inMs: number; readonly failures: number }
  /** It did not answer in time, and is about to be killed. */
  | {
      readonly tag: 'RunUnanswered'
      readonly worker: number
      readonly run: number
      /** Where it was asked: host and port, or a socket's path. */
      readonly address: string
      /** Whether it listens there. */
      readonly listens: boolean
      /** Where it listens instead. */
      readonly listensOn: readonly string[]
      /** What was wrong with its last answer; '' when it gave none. */
      readonly refusal: string
      readonly remedy: readonly string[]
    }
  | {
      readonly tag: 'WorkersGaveUp'
      readonly worker: number
      /** Of this worker, in a row. */
      readonly failures: number
      /** Of all workers, within the time that the limit looks at. */
      readonly failedStarts: number
      /** Of the worker's last run: the first lines that tell an error, and the last lines. */
      readonly lastLines: readonly string[]
      readonly remedy: readonly string[]
    }
  | {
      readonly tag: 'MemoryExceeded'
      readonly worker: number
      readonly run: number
      /** Mode `cluster`: the one of the server's own workers that holds it; null: the run. */
      readonly pid: number | null
      readonly rssMb: number
      readonly limitMb: number
      readonly limit: 'soft' | 'hard'
    }
  | { readonly tag: 'OutputDropped'; readonly worker: number; readonly run: number; readonly bytes: number }
  | { readonly tag: 'LeftoverKilled'; readonly pid: number; readonly processGroup: number }
  /** Mode `cluster`: the server was asked to replace its own workers one by one. */
  | { readonly tag: 'ClusterRestarting'; readonly worker: number; readonly run: number; readonly signal: string }
  | {
      readonly tag: 'ClusterRestarted'
      readonly worker: number
      readonly run: number
      /** False: some of the old ones are still there, or the server has ended. */
      readonly isReplaced: boolean
      readonly tookMs: number
    }
  /** Mode `cluster`: workers that the app's own server had forked are gone; their exit status is the server's to know. */
  | {
      readonly tag: 'ClusterWorkersEnded'
      readonly worker: number
      readonly run: number
      readonly pids: readonly number[]
      readonly total: number
      /** Of the run, which goes on. */
      readonly uptimeMs: number
    }
