/**
 * bezel as a library: the six parts that `bezel run` is made of, and the specification's data models. A user of the
 * library gets no signal handler, no exit and no global: only GracefulSignalHandler touches the process, once it is set up.
 */
export { BezelError, type ErrorCode } from './errors.ts'
export type { BezelEvent } from './events.ts'
export { nothingAbandoned, type Abandoned, type Outside, type Part } from './part.ts'
export { systemClock } from './system/clock.ts'
export { toJson, type SnakeCase } from './snake-case.ts'

export { VersionValidator } from './validation/version-validator.ts'
export { validationDefaults, type ValidationSettings } from './validation/options.ts'
export type { Finding, GemCompatibilityReport, ValidationReport } from './validation/validation-report.ts'

export { EnhancedDatabaseManager } from './gateway/enhanced-database-manager.ts'
export { gatewayDefaults, type DatabaseSettings, type GatewaySettings } from './gateway/options.ts'
export type { ConnectionPoolHealth } from './gateway/connection-pool-health.ts'

export { WorkerProcessManager } from './workers/worker-process-manager.ts'
export { workersDefaults, type LaunchPlan, type WorkersSettings } from './workers/options.ts'
export { noPorts, type WorkersPorts } from './workers/ports.ts'
export type { WorkerProcessStatus } from './workers/worker-process-status.ts'

export { ErrorRecoverySystem } from './recovery/error-recovery-system.ts'
export { recoveryDefaults, type RecoverySettings } from './recovery/options.ts'
export type { RecoveryPorts } from './recovery/ports.ts'
export type { Incident } from './recovery/incidents/incident.ts'

export { GracefulSignalHandler } from './shutdown/graceful-signal-handler.ts'
export { shutdownDefaults, type ShutdownSettings } from './shutdown/options.ts'
export type { ProcessPort, ShutdownPhase, ShutdownPorts } from './shutdown/ports.ts'

export { HealthMonitoringEngine } from './health/health-monitoring-engine.ts'
export type { HealthSources } from './health/ports.ts'
export type { SystemHealthStatus } from './health/system-health-status.ts'
