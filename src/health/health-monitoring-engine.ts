import type { ConnectionPoolHealth } from '../gateway/connection-pool-health.ts'
import type { GemCompatibilityReport } from '../validation/validation-report.ts'
import type { WorkerProcessStatus } from '../workers/worker-process-status.ts'
import { diagnosePools, diagnoseValidation, diagnoseWorkers, isAboutRuby, isStable } from './diagnose.ts'
import { ErrorRate, type Traffic } from './error-rate.ts'
import type { HealthSources } from './ports.ts'
import type { DiagnosticMessage, SystemHealthStatus } from './system-health-status.ts'

/** Everything that health knows, as `/status` and `bezel status` show it. */
export interface StabilityReport {
  readonly status: SystemHealthStatus
  readonly degradation: { readonly level: string; readonly why: string; readonly wayBack: string }
  readonly workers: readonly WorkerProcessStatus[]
  readonly pools: readonly ConnectionPoolHealth[]
  readonly gems: readonly GemCompatibilityReport[]
  /** Share of failed answers in the last minute, 0 to 1. */
  readonly errorRate: number
  /** The last minute's answers, and those of them that failed. */
  readonly answers: Traffic
}

/**
 * Judges from outside what every part says of itself. Passive: it takes no connection, no request slot and no time
 * from what it watches.
 */
export class HealthMonitoringEngine {
  readonly #sources: HealthSources
  readonly #errorRate = new ErrorRate()

  constructor(sources: HealthSources) {
    this.#sources = sources
  }

  /** Takes the traffic counters as they are now; to be called about once a second. */
  sample(): void {
    this.#errorRate.sample(this.#sources.nowMs(), this.#sources.traffic())
  }

  checkSystemStability(): SystemHealthStatus {
    const validation = this.#sources.validation()
    const workers = this.#sources.workers()
    const pools = this.#sources.pools()
    const errors = validation?.findings.filter(({ severity }) => severity === 'error') ?? []
    return {
      rubyVersionConsistent: validation === null ? null : !errors.some(isAboutRuby),
      nativeExtensionsHealthy: validation === null ? null : errors.every(isAboutRuby),
      databaseConnectionsStable: pools.every(isStable),
      workerProcessesHealthy: !workers.hasGivenUp && workers.ready >= workers.wanted,
      errorRateAcceptable: this.#errorRate.isAcceptable(),
      lastStabilityCheck: new Date(this.#sources.wallTimeMs()).toISOString(),
      diagnosticMessages: [
        ...(validation === null ? [] : diagnoseValidation(validation)),
        ...diagnoseWorkers(workers, (worker) => this.#sources.lastIncidentOf(worker)),
        ...diagnosePools(pools),
        ...this.#diagnoseErrors(),
        ...this.#diagnoseDegradation(),
      ],
    }
  }

  /** Gems with native code and how each fits; empty while validation is off. */
  validateGemHealth(): readonly GemCompatibilityReport[] {
    return this.#sources.validation()?.gems ?? []
  }

  monitorConnectionPools(): readonly ConnectionPoolHealth[] {
    return this.#sources.pools()
  }

  generateStabilityReport(): StabilityReport {
    return {
      status: this.checkSystemStability(),
      degradation: this.#sources.degradation(),
      workers: this.#sources.workers().workers,
      pools: this.monitorConnectionPools(),
      gems: this.validateGemHealth(),
      errorRate: this.#errorRate.rate(),
      answers: this.#errorRate.traffic(),
    }
  }

  #diagnoseErrors(): DiagnosticMessage[] {
    if (this.#errorRate.isAcceptable()) return []
    const { answered, failed } = this.#errorRate.traffic()
    return [
      {
        about: 'errors',
        message: `${failed} of ${answered} answers of the last minute failed`,
        remedy: ['bezel incidents', "look at the app's own log for exceptions"],
      },
    ]
  }

  #diagnoseDegradation(): DiagnosticMessage[] {
    const { level, why, wayBack } = this.#sources.degradation()
    return level === 'normal' ? [] : [{ about: 'degradation', message: `${level}: ${why}`, remedy: [wayBack] }]
  }
}
