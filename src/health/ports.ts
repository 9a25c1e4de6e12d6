import type { ConnectionPoolHealth } from '../gateway/connection-pool-health.ts'
import type { Degradation } from '../recovery/degradation/decide-degradation.ts'
import type { ValidationReport } from '../validation/validation-report.ts'
import type { WorkersSnapshot } from '../workers/worker-process-status.ts'
import type { Traffic } from './error-rate.ts'

/** What health reads. Every answer is at hand: nothing here opens a connection, takes a slot or waits. */
export interface HealthSources {
  /** Null: validation is off, or not done yet. */
  validation(): ValidationReport | null
  workers(): WorkersSnapshot
  /** One a database, by the configuration's name; empty without a gateway. */
  pools(): readonly ConnectionPoolHealth[]
  traffic(): Traffic
  degradation(): Degradation
  /** Id of a worker's newest incident; null: it had none. */
  lastIncidentOf(worker: number): string | null
  /** Unix time in milliseconds. */
  wallTimeMs(): number
  /** Monotonic milliseconds. */
  nowMs(): number
}
