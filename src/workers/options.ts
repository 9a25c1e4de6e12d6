import type { Address } from '../link/messages.ts'
import type { BackoffPolicy } from '../resilience/backoff.ts'

/**
 * How one run is started and stopped: made by `planLaunch` (servers/plan-launch.ts) from the app's server, or from an explicit command.
 * In arguments and environment values, `{socket}` stands for the run's socket path, `{port}` for its loopback port, `{worker}` and `{run}` for its numbers.
 */
export interface LaunchPlan {
  /** argv; the first is looked up on PATH. */
  readonly command: readonly string[]
  /** Added to the worker's environment; an empty value is passed on as empty. */
  readonly environment: Readonly<Record<string, string>>
  readonly listens: Listens
  /** Requests that one run serves at once: the threads of its server. At least 1. */
  readonly slots: number
  /** The signal on which this server finishes its requests and ends. */
  readonly drainSignal: DrainSignal
  /** Mode `cluster`: the signal on which this server replaces its own workers and keeps its port; null: none is known. */
  readonly restartSignal: RestartSignal | null
  /** After this long idle the server may close a keep-alive connection, in milliseconds; 0 where it never keeps one. */
  readonly keepAliveTimeoutMs: number
  /** Paths (a regular expression) of sockets that this server opens beside its own and leaves behind when it crashes; null: none. */
  readonly litter: string | null
}

export type RestartSignal = 'SIGHUP' | 'SIGUSR1'

export type DrainSignal = 'SIGTERM' | 'SIGINT' | 'SIGQUIT'

/** Where a run listens: on a Unix socket or loopback port of its own, or (mode `cluster`) where the app's own configuration says. */
export type Listens = { readonly tag: 'Socket' } | { readonly tag: 'Port' } | { readonly tag: 'Own'; readonly address: Address }

export interface ReadinessSettings {
  /** Asked by GET; any path that answers quickly without side effects. */
  readonly path: string
  /** Sent as Host: an app may refuse hosts that it doesn't know. */
  readonly host: string
  /** Statuses that count as ready, inclusive: a 404 shows as well as a 200 that the app answers. */
  readonly acceptStatus: { readonly from: number; readonly to: number }
  /** Between two tries, in milliseconds. */
  readonly intervalMs: number
  /** Longest wait for one answer, in milliseconds: the first request of an app that loads lazily is slow. */
  readonly answerTimeoutMs: number
}

export interface RestartSettings {
  /** Wait before a failed worker's next start; full jitter, but never under a quarter of the step's ceiling: 5 starts in the first 2 s. */
  readonly backoff: BackoffPolicy
  /** A run that was ready for this long, in milliseconds, clears its worker's failures. */
  readonly stableAfterMs: number
  /** Failures in a row after which a worker counts as looping. At least 1. */
  readonly failuresToGiveUp: number
  /** One budget for all workers: `failuresToGiveUp` + this × (workers − 1) failures within `budgetWindowMs`. */
  readonly extraFailuresPerWorker: number
  /** In milliseconds. */
  readonly budgetWindowMs: number
  /** Starts under way at the same time. At least 1. */
  readonly concurrentBoots: number
  /** Least time between two starts, in milliseconds. */
  readonly bootSpacingMs: number
}

export interface MemorySettings {
  /** PSS (RSS before its first reading) above which a run is drained and replaced, in MiB; null: no limit. */
  readonly softLimitMb: number | null
  /** RSS above which a run is killed, in MiB; null: no limit. */
  readonly hardLimitMb: number | null
  /** Part of the control group's limit, 0 to 1, that all runs together may use before the largest is drained and replaced; null: not watched. */
  readonly cgroupShare: number | null
  /** Between two readings of RSS, in milliseconds (statm: 0.02 ms each). */
  readonly rssEveryMs: number
  /** Between two readings of PSS, in milliseconds (smaps_rollup: 1 ms for 300 MB). */
  readonly pssEveryMs: number
  /** A worker is drained for the soft limit at most this often, in milliseconds, so that a limit below the app's own size can't keep it from serving. */
  readonly replaceAtMostEveryMs: number
}

/** Settings of WorkerProcessManager: complete, plain data. */
export interface WorkersSettings {
  /**
   * `isolated`: one process a worker, each on its own address, behind the front door.
   * `cluster`: the app's own server command as one run, which forks its own workers and owns its port.
   */
  readonly mode: 'isolated' | 'cluster'
  /** Workers to keep alive; `cluster` has one whatever this says. At least 1. */
  readonly count: number
  /** The app's folder, absolute: every run's working directory. */
  readonly cwd: string
  /** `RuntimeDirectory.path`: sockets and the record of process groups. */
  readonly runtimeDir: string
  readonly launch: LaunchPlan
  /** Added to the environment that bezel itself was started with (its own variables are taken out). */
  readonly environment: Readonly<Record<string, string>>
  /** As umask(2), for files that workers make; null: as bezel's own. */
  readonly umask: number | null
  readonly readiness: ReadinessSettings
  /** From the start to ready, in milliseconds; paused while a database's breaker isn't closed. */
  readonly startTimeoutMs: number
  /** How long a run's open requests may take before it gets its server's signal all the same, in milliseconds. */
  readonly drainTimeoutMs: number
  /** From its server's signal to SIGKILL, in milliseconds. */
  readonly stopTimeoutMs: number
  /** How long the other requests of a hung run may take before it is killed, in milliseconds. */
  readonly hangDrainMs: number
  /** How long a run that is known to be crashing may take to write its report and end, in milliseconds. */
  readonly crashGraceMs: number
  /** How long a death waits to hear whether the run held a request, in milliseconds; no answer counts as none. */
  readonly heldTimeoutMs: number
  readonly restart: RestartSettings
  readonly memory: MemorySettings
  /** Added to a worker's oom_score_adj (proc(5)), 0 to 1000, so that the kernel takes a worker and not the keeper. */
  readonly oomScoreAdj: number
  /** Of each run's stdout and of its stderr: what exceeds it is dropped and counted. */
  readonly output: { readonly burstBytes: number; readonly bytesPerSecond: number }
  /** In mode `cluster`, between two looks at the server's own workers, in milliseconds. */
  readonly childrenEveryMs: number
  /** Errors kept a worker for `snapshot()`. */
  readonly errorHistorySize: number
  /** Lines of a worker's last output kept for the fact that it gave up. */
  readonly lastLinesSize: number
}

/** Everything that does not depend on the app. */
export const workersDefaults = {
  mode: 'isolated',
  count: 2,
  environment: {},
  umask: null,
  readiness: { path: '/', host: 'localhost', acceptStatus: { from: 100, to: 499 }, intervalMs: 25, answerTimeoutMs: 10_000 },
  startTimeoutMs: 60_000,
  drainTimeoutMs: 30_000,
  stopTimeoutMs: 10_000,
  hangDrainMs: 5_000,
  crashGraceMs: 5_000,
  heldTimeoutMs: 250,
  restart: {
    backoff: { baseMs: 500, capMs: 30_000 },
    stableAfterMs: 10_000,
    failuresToGiveUp: 6,
    extraFailuresPerWorker: 3,
    budgetWindowMs: 60_000,
    concurrentBoots: 2,
    bootSpacingMs: 50,
  },
  memory: { softLimitMb: null, hardLimitMb: null, cgroupShare: 0.9, rssEveryMs: 1_000, pssEveryMs: 15_000, replaceAtMostEveryMs: 60_000 },
  oomScoreAdj: 500,
  output: { burstBytes: 16 * 2 ** 20, bytesPerSecond: 2 * 2 ** 20 },
  childrenEveryMs: 250,
  errorHistorySize: 20,
  lastLinesSize: 20,
} as const satisfies Omit<WorkersSettings, 'cwd' | 'runtimeDir' | 'launch'>
