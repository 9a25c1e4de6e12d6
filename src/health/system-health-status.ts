/** The spec's data model of the whole. */
export interface SystemHealthStatus {
  /** Null: not looked at (validation off). */
  readonly rubyVersionConsistent: boolean | null
  readonly nativeExtensionsHealthy: boolean | null
  readonly databaseConnectionsStable: boolean
  readonly workerProcessesHealthy: boolean
  readonly errorRateAcceptable: boolean
  /** ISO 8601. */
  readonly lastStabilityCheck: string
  /** What is wrong and what to do, one entry each; empty when all is well. */
  readonly diagnosticMessages: readonly DiagnosticMessage[]
}

export interface DiagnosticMessage {
  readonly about: 'ruby' | 'extension' | 'database' | 'worker' | 'errors' | 'degradation'
  readonly message: string
  /** Commands or instructions; at least one. */
  readonly remedy: readonly string[]
}
