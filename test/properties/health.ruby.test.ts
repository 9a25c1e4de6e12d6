import fc from 'fast-check'
import { expect } from 'vitest'
import type { ConnectionPoolHealth } from '../../src/gateway/connection-pool-health.ts'
import { HealthMonitoringEngine, type StabilityReport } from '../../src/health/health-monitoring-engine.ts'
import { decideDegradation } from '../../src/recovery/degradation/decide-degradation.ts'
import type { SnakeCase } from '../../src/snake-case.ts'
import { findingRules, type FindingCode } from '../../src/validation/findings.ts'
import type { Finding } from '../../src/validation/validation-report.ts'
import type { WorkerHealth, WorkerStatus } from '../../src/workers/worker-process-status.ts'
import { modelProperty, realProperty } from './cases.ts'
import { startSmallApp } from './small-app.ts'

const codes = Object.keys(findingRules) as FindingCode[]
/** Those that speak of the interpreter itself. */
const ofRuby: readonly FindingCode[] = ['RUBY_BROKEN', 'GEMFILE_RUBY_DIFFERS', 'LOCK_RUBY_DIFFERS', 'VERSION_FILE_DIFFERS']

const finding: fc.Arbitrary<Finding> = fc
  .record({ code: fc.constantFrom(...codes), gem: fc.constantFrom(null, 'pg', 'bcrypt'), remedy: fc.constantFrom([], ['bundle install']) })
  .map(({ code, gem, remedy }) => ({
    code,
    severity: findingRules[code].severity,
    gem,
    evidence: [],
    explanation: `${code} was found.`,
    remedy,
  }))

const health = fc.constantFrom<WorkerHealth>('starting', 'healthy', 'degraded', 'draining', 'backing_off', 'stopped', 'gave_up')
const workersOf = (all: readonly { health: WorkerHealth; crashes: number }[]): WorkerStatus[] =>
  all.map(({ health: healthStatus, crashes }, index) => ({
    workerId: index + 1,
    processId: 100 + index,
    memoryUsageMb: 50,
    crashCount: crashes,
    lastRestartTime: null,
    healthStatus,
    errorHistory: [],
    state: healthStatus,
    run: index + 1,
    restarts: crashes,
    failures: 0,
    uptimeMs: 1,
    rssMb: 50,
    pssMb: null,
    children: 0,
    childDeaths: 0,
    droppedBytes: 0,
  }))

const poolOf = (state: ConnectionPoolHealth['circuitBreakerState'], index: number): ConnectionPoolHealth => ({
  database: `db${index}`,
  server: 'h:5432',
  poolSize: 5,
  activeConnections: 0,
  idleConnections: 0,
  waitingClients: 0,
  failedConnections: 0,
  circuitBreakerState: state,
  lastConnectionTest: null,
  averageResponseTime: null,
})

modelProperty(
  21,
  fc.record({
    findings: fc.option(fc.array(finding, { maxLength: 5 })),
    workers: fc.array(fc.record({ health, crashes: fc.nat(9) }), { minLength: 1, maxLength: 6 }),
    breakers: fc.array(fc.constantFrom('closed' as const, 'open' as const, 'half_open' as const), { maxLength: 3 }),
    failed: fc.nat(100),
  }),
  ({ findings, workers: drawn, breakers, failed }) => {
    const workers = workersOf(drawn)
    const ready = workers.filter(({ healthStatus }) => healthStatus === 'healthy' || healthStatus === 'degraded').length
    const pools = breakers.map(poolOf)
    const degradation = decideDegradation({
      workersWanted: workers.length,
      workersReady: ready,
      everReady: true,
      gaveUp: false,
      databases: pools.map(({ database, circuitBreakerState }) => ({ name: database, breaker: circuitBreakerState })),
    })
    let traffic = { answered: 0, failed: 0 }
    const engine = new HealthMonitoringEngine({
      validation: () =>
        findings === null ? null : { verdict: 'unknown', findings, gems: [], ruby: null, scope: 'lock', extensions: 0, tookMs: 1 },
      workers: () => ({ mode: 'isolated', workers, wanted: workers.length, ready, hasGivenUp: false }),
      pools: () => pools,
      traffic: () => traffic,
      degradation: () => degradation,
      lastIncidentOf: () => null,
      wallTimeMs: () => 0,
      nowMs: () => 0,
    })
    engine.sample()
    traffic = { answered: 100, failed }
    engine.sample()
    const { status, workers: told } = engine.generateStabilityReport()

    const errors = findings?.filter(({ severity }) => severity === 'error') ?? []
    expect(status.rubyVersionConsistent).toBe(findings === null ? null : !errors.some(({ code }) => ofRuby.includes(code)))
    expect(status.nativeExtensionsHealthy).toBe(findings === null ? null : errors.every(({ code }) => ofRuby.includes(code)))
    expect(status.databaseConnectionsStable).toBe(breakers.every((state) => state === 'closed'))
    expect(status.workerProcessesHealthy).toBe(ready === workers.length)
    expect(status.errorRateAcceptable).toBe(failed <= 5)
    expect(told).toEqual(workers)

    // Each thing that is wrong has its message, none that is right has one, and each says what to do.
    const messages = status.diagnosticMessages
    const about = (what: string) => messages.filter((message) => message.about === what)
    const needing = findings?.filter(({ severity }) => severity !== 'note') ?? []
    expect(about('ruby')).toHaveLength(needing.filter(({ code }) => ofRuby.includes(code)).length)
    expect(about('extension')).toHaveLength(needing.filter(({ code }) => !ofRuby.includes(code)).length)
    expect(about('worker').map(({ message }) => message.split(' ')[1])).toEqual(
      workers.filter(({ healthStatus }) => healthStatus !== 'healthy').map(({ workerId }) => String(workerId)),
    )
    expect(about('database')).toHaveLength(breakers.filter((state) => state !== 'closed').length)
    expect(about('errors')).toHaveLength(failed > 5 ? 1 : 0)
    expect(about('degradation')).toHaveLength(degradation.level === 'normal' ? 0 : 1)
    for (const { remedy } of messages) expect(remedy.join('')).not.toBe('')
  },
)

realProperty(
  21,
  fc.record({
    workers: fc.integer({ min: 1, max: 3 }),
    /** Which worker is killed next. */
    kills: fc.array(fc.nat(2), { maxLength: 3 }),
    asksForOtherRuby: fc.boolean(),
  }),
  async ({ workers, kills, asksForOtherRuby }) => {
    const files = asksForOtherRuby ? { Gemfile: 'ruby "2.0.0"\n' } : {}
    await using app = await startSmallApp({ workers, validation: 'warn', files, env: { BEZEL_WORKERS_RESTART_WAIT: '20ms' } })
    const crashes = new Map<number, number>()
    for (const index of kills) {
      const worker = 1 + (index % workers)
      const serving = app.facts().findLast((fact) => fact.tag === 'RunReady' && fact.worker === worker)
      if (serving?.tag !== 'RunReady') throw new Error(`worker ${worker} does not serve`)
      process.kill(serving.pid, 'SIGKILL')
      crashes.set(worker, (crashes.get(worker) ?? 0) + 1)
      await app.fact('RunReady', (fact) => fact.worker === worker && fact.run > serving.run)
    }
    const told = JSON.parse((await app.command(['status', '--json'])).stdout) as SnakeCase<StabilityReport>
    expect(told.status.ruby_version_consistent).toBe(!asksForOtherRuby)
    expect(told.status.diagnostic_messages.some(({ about }) => about === 'ruby')).toBe(asksForOtherRuby)
    for (const { worker_id, process_id, crash_count, error_history, health_status } of told.workers) {
      const serving = app.facts().findLast((fact) => fact.tag === 'RunReady' && fact.worker === worker_id)
      const count = crashes.get(worker_id) ?? 0
      expect({ process_id, crash_count, errors: error_history.length, health_status }).toEqual({
        process_id: serving?.tag === 'RunReady' ? serving.pid : null,
        crash_count: count,
        errors: count,
        health_status: count === 0 ? 'healthy' : 'degraded',
      })
      const message = told.status.diagnostic_messages.find((each) => each.message.startsWith(`worker ${worker_id} `))
      expect(message?.remedy.some((line) => line.startsWith('bezel incidents ')) ?? false).toBe(count > 0)
    }
  },
  300_000,
  2,
)
