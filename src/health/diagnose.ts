import type { ConnectionPoolHealth } from '../gateway/connection-pool-health.ts'
import type { FindingCode } from '../validation/findings.ts'
import type { Finding, ValidationReport } from '../validation/validation-report.ts'
import type { WorkersSnapshot, WorkerStatus } from '../workers/worker-process-status.ts'
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

export function diagnoseWorkers({ workers, hasGivenUp }: WorkersSnapshot): DiagnosticMessage[] {
  const troubled = workers.filter(
    ({ healthStatus }) => healthStatus === 'backing_off' || healthStatus === 'gave_up' || healthStatus === 'degraded',
  )
  return [
    ...(hasGivenUp
      ? [{ about: 'worker' as const, message: 'bezel gave up: workers fail on every start', remedy: ['bezel incidents'] }]
      : []),
    ...troubled.map((worker) => ({ about: 'worker' as const, message: messageOfWorker(worker), remedy: ['bezel incidents'] })),
  ]
}

function messageOfWorker({ workerId, healthStatus, crashCount, errorHistory }: WorkerStatus): string {
  const last = errorHistory.at(-1)?.message
  const state =
    healthStatus === 'degraded'
      ? 'serves, and has failed of late'
      : healthStatus === 'backing_off'
        ? 'waits before its next start'
        : 'gave up'
  return `worker ${workerId} ${state} (${crashCount} ends that nobody asked for)${last === undefined ? '' : `: ${last}`}`
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
