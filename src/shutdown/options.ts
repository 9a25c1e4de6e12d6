export interface ShutdownSettings {
  /** From the first signal to the end of the process, in milliseconds; at least 100. Everything else is cut to fit. */
  readonly deadlineMs: number
}

/** Five seconds less than the 30 s after which Kubernetes (`terminationGracePeriodSeconds`) sends SIGKILL. */
export const shutdownDefaults: ShutdownSettings = { deadlineMs: 25_000 }
