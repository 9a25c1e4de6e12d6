/** What the keeper supplies to the workers. None of it may throw; what doesn't settle is bounded by the settings. */
export interface WorkersPorts {
  /** Unix time in milliseconds: restarts and errors are dated. */
  wallTimeMs(): number
  /**
   * Before each start; each is followed by exactly one `RunExited`. Bind the run's gateway sockets and answer what the worker
   * needs to know of them (`DATABASE_URL`, …). A rejection is a failed start.
   */
  beforeStart(worker: number, run: number): Promise<{ readonly env: Readonly<Record<string, string>> }>
  /**
   * Before a run that serves is drained for its successor: whether what is installed now may take its place. False leaves it as it is.
   * Not asked for a run that has died.
   */
  mayReplace(): Promise<boolean>
  /** Every byte that the run writes, as it comes; all of its own bytes come before its `RunExited`. */
  onOutput(run: number, stream: OutputStreamName, chunk: Buffer): void
  /** Nothing more will come from either stream. */
  outputEnded(run: number): void
  /** Takes the run out of rotation; resolves when it has answered its last request. */
  drained(run: number): Promise<void>
  /** Whether the run, which has just ended, held any request, upgrade or stream. */
  heldRequests(run: number): Promise<boolean>
  /** Id of the worker's newest recorded incident; null: it has none. */
  lastIncidentOf(worker: number): string | null
}

export type OutputStreamName = 'stdout' | 'stderr'

/** For a manager without a front door: nothing to drain, nothing was held, output goes nowhere. */
export const noPorts: WorkersPorts = {
  wallTimeMs: () => Date.now(),
  beforeStart: () => Promise.resolve({ env: {} }),
  mayReplace: () => Promise.resolve(true),
  onOutput: () => {},
  outputEnded: () => {},
  drained: () => Promise.resolve(),
  heldRequests: () => Promise.resolve(false),
  lastIncidentOf: () => null,
}
