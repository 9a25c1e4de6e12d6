import type { ConnectionPoolHealth } from '../gateway/connection-pool-health.ts'
import type { FindingCode } from '../validation/findings.ts'
import type { Finding, ValidationReport } from '../validation/validation-report.ts'
import type { WorkerHealth, WorkersSnapshot, WorkerStatus } from '../workers/worker-process-status.ts'
import type { DiagnosticMessage } from './system-health-status.ts'

/** Findings about the interpreter rather than about one compiled file. */
const rubyCodes: ReadonlySet<FindingCode> = new Set(['RUBY_BROKEN', 'GEMFILE_RUBY_DIFFERS', 'LOCK_RUBY_DIFFERS', 'VERSION_FILE_DIFFERS'])

/** Findings that need someone, as messages with their remedies. */
export function diagnoseValidation(report: ValidationReport): DiagnosticMessage[] {
  return report.findings
    .filter(({ severity }) => severity !== 'note')
    .map((finding) => ({
      about: isAboutRuby(finding) ? 'ruby' : 'extension',
      message: messageOf(finding),
      remedy: atLeastOne(finding.remedy, 'bezel doctor'),
    }))
}

export function isAboutRuby({ code }: Finding): boolean {
  return rubyCodes.has(code)
}

function messageOf({ gem, explanation }: Finding): string {
  return gem === null ? explanation : `${gem}: ${explanation}`
}

/** Workers that do not serve, and those that failed of late, each with the incident that says why. */
export function diagnoseWorkers(
  { workers, hasGivenUp }: WorkersSnapshot,
  lastIncidentOf: (worker: number) => string | null,
): DiagnosticMessage[] {
  return [
    ...(hasGivenUp
      ? [{ about: 'worker' as const, message: 'bezel gave up: workers fail on every start', remedy: ['bezel incidents'] }]
      : []),
    ...workers
      .filter(({ healthStatus }) => healthStatus !== 'healthy')
      .map((worker) => ({ about: 'worker' as const, message: messageOfWorker(worker), remedy: [remedyOf(worker, lastIncidentOf)] })),
  ]
}

const states: Readonly<Record<WorkerHealth, string>> = {
  starting: 'is being started',
  healthy: 'serves',
  degraded: 'serves, and has failed of late',
  draining: 'is being replaced or stopped',
  backing_off: 'waits before its next start',
  stopped: 'is stopped',
  gave_up: 'gave up',
}

function messageOfWorker({ workerId, healthStatus, crashCount, errorHistory }: WorkerStatus): string {
  const last = errorHistory.at(-1)?.message
  return `worker ${workerId} ${states[healthStatus]} (${crashCount} ends that nobody asked for)${last === undefined ? '' : `: ${last}`}`
}

function remedyOf({ workerId, crashCount }: WorkerStatus, lastIncidentOf: (worker: number) => string | null): string {
  const incident = lastIncidentOf(workerId)
  if (incident !== null) return `bezel incidents ${incident}`
  // Its incident is not written yet, or could not be.
  if (crashCount > 0) return "bezel's log tells how it ended"
  return 'bezel status shows when it serves; one that takes too long is ended, and tried again'
}

export function diagnosePools(pools: readonly ConnectionPoolHealth[]): DiagnosticMessage[] {
  return pools
    .filter((pool) => !isStable(pool))
    .map(({ database, circuitBreakerState, failedConnections, server }) => ({
      about: 'database',
      message: `no connection to ${database} at ${server} (breaker ${circuitBreakerState}, ${failedConnections} failed attempts): queries wait for it`,
      remedy: [`see that PostgreSQL runs and is reachable: pg_isready ${toPgIsReady(server)}`],
    }))
}

export function isStable({ circuitBreakerState }: ConnectionPoolHealth): boolean {
  return circuitBreakerState === 'closed'
}

/** `host:port`, or a socket folder and port, as flags of pg_isready(1). */
function toPgIsReady(server: string): string {
  const at = server.lastIndexOf(':')
  return at === -1 ? `-h ${server}` : `-h ${server.slice(0, at)} -p ${server.slice(at + 1)}`
}

function atLeastOne(remedy: readonly string[], otherwise: string): readonly string[] {
  return remedy.length > 0 ? remedy : [otherwise]
}
