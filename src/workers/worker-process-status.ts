/** How a worker is: `degraded` serves, and has failed of late. */
export type WorkerHealth = 'starting' | 'healthy' | 'degraded' | 'draining' | 'backing_off' | 'stopped' | 'gave_up'

export interface WorkerError {
  /** ISO 8601. */
  readonly at: string
  readonly run: number | null
  readonly message: string
}

/** The spec's data model of one worker. */
export interface WorkerProcessStatus {
  /** From 1. */
  readonly workerId: number
  /** Null between two runs. */
  readonly processId: number | null
  /** PSS where it was read, else RSS, in MiB; in mode `cluster` of the server and all its workers. Null: not read yet. */
  readonly memoryUsageMb: number | null
  /** Ends that nobody asked for, failed starts included. */
  readonly crashCount: number
  /** ISO 8601; null: never restarted. */
  readonly lastRestartTime: string | null
  readonly healthStatus: WorkerHealth
  /** The newest last, bounded. */
  readonly errorHistory: readonly WorkerError[]
}

/** What else is known of a worker. */
export interface WorkerStatus extends WorkerProcessStatus {
  readonly state: string
  readonly run: number | null
  /** Starts after the first. */
  readonly restarts: number
  /** Failures in a row that count towards giving up. */
  readonly failures: number
  readonly uptimeMs: number | null
  readonly rssMb: number | null
  readonly pssMb: number | null
  /** Mode `cluster`: the server's own workers now, and how many of them have ended unasked. */
  readonly children: number
  readonly childDeaths: number
  readonly droppedBytes: number
}

export interface WorkersSnapshot {
  readonly mode: 'isolated' | 'cluster'
  readonly workers: readonly WorkerStatus[]
  readonly wanted: number
  readonly ready: number
  readonly hasGivenUp: boolean
}
