import { createServer } from 'node:net'
import { resolve } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect } from 'vitest'
import { HealthMonitoringEngine } from '../../src/health/health-monitoring-engine.ts'
import type { SystemHealthStatus } from '../../src/health/system-health-status.ts'
import { decideDegradation } from '../../src/recovery/degradation/decide-degradation.ts'
import type { SnakeCase } from '../../src/snake-case.ts'
import { findingRules, type FindingCode } from '../../src/validation/findings.ts'
import type { WorkerHealth, WorkerStatus } from '../../src/workers/worker-process-status.ts'
import type { BezelRun } from '../support/bezel-run.ts'
import { breakGem, otherRubies, runIn, shareTinyApps } from './broken-gem.ts'
import { modelProperty, realProperty } from './cases.ts'
import { startSmallApp, startSmallBezel } from './small-app.ts'

const breaker = fc.constantFrom('closed' as const, 'open' as const, 'half_open' as const)
const scene = fc.record({
  findings: fc.option(
    fc.array(
      fc.record({
        code: fc.constantFrom(...(Object.keys(findingRules) as FindingCode[])),
        gem: fc.option(fc.constantFrom('pg', 'bcrypt')),
        remedy: fc.subarray(['bundle install', 'bundle pristine pg']),
      }),
      { maxLength: 4 },
    ),
  ),
  workers: fc.array(
    fc.record({
      healthStatus: fc.constantFrom<WorkerHealth>(
        'healthy',
        'healthy',
        'starting',
        'degraded',
        'draining',
        'backing_off',
        'stopped',
        'gave_up',
      ),
      incident: fc.option(fc.constantFrom('20261125-101530-7-k3x', '20261125-101531-8-abc')),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  hasGivenUp: fc.boolean(),
  everReady: fc.boolean(),
  breakers: fc.array(breaker, { maxLength: 3 }),
  failed: fc.nat(100),
})

modelProperty(23, scene, ({ findings, workers, hasGivenUp, everReady, breakers, failed }) => {
  const statuses = workers.map(({ healthStatus }, index) => toWorker(index + 1, healthStatus))
  const serving = workers.filter(({ healthStatus }) => healthStatus === 'healthy' || healthStatus === 'degraded').length
  const pools = breakers.map((circuitBreakerState, index) => ({
    database: `db${index}`,
    server: `10.0.0.${index}:5432`,
    poolSize: 10,
    activeConnections: 0,
    idleConnections: 0,
    waitingClients: 0,
    failedConnections: 1,
    circuitBreakerState,
    lastConnectionTest: null,
    averageResponseTime: null,
  }))
  const degradation = decideDegradation({
    workersWanted: workers.length,
    workersReady: serving,
    everReady,
    gaveUp: hasGivenUp,
    databases: pools.map(({ database, circuitBreakerState }) => ({ name: database, breaker: circuitBreakerState })),
  })
  const report = (findings ?? []).map((each) => ({
    ...each,
    severity: findingRules[each.code].severity,
    evidence: [],
    explanation: each.code,
  }))
  let answered = 0
  const engine = new HealthMonitoringEngine({
    validation: () =>
      findings === null ? null : { verdict: 'unknown', findings: report, gems: [], ruby: null, scope: 'lock', extensions: 0, tookMs: 0 },
    workers: () => ({ mode: 'isolated', workers: statuses, wanted: workers.length, ready: serving, hasGivenUp }),
    pools: () => pools,
    traffic: () => ({ answered, failed: answered === 0 ? 0 : failed }),
    degradation: () => degradation,
    lastIncidentOf: (worker) => workers[worker - 1]?.incident ?? null,
    wallTimeMs: () => 0,
    nowMs: () => answered,
  })
  engine.sample()
  answered = 100
  engine.sample()
  const status = engine.checkSystemStability()
  const about = (area: string) => status.diagnosticMessages.filter((message) => message.about === area)

  // Whatever is judged unstable is told, with at least one thing to do about it.
  if (status.rubyVersionConsistent === false) expect(about('ruby')).not.toEqual([])
  if (status.nativeExtensionsHealthy === false) expect(about('extension')).not.toEqual([])
  if (!status.databaseConnectionsStable) expect(about('database')).not.toEqual([])
  if (!status.workerProcessesHealthy) expect(about('worker')).not.toEqual([])
  if (!status.errorRateAcceptable) expect(about('errors')).not.toEqual([])
  if (degradation.level !== 'normal') expect(about('degradation')).not.toEqual([])
  for (const { message, remedy } of status.diagnosticMessages)
    expect({ message, some: remedy.length > 0 && remedy.every((line) => line.trim() !== '') }).toEqual({ message, some: true })
  // Each names its object: the finding's own commands, the worker's own incident, the server to look at.
  for (const finding of report.filter(({ severity, remedy }) => severity !== 'note' && remedy.length > 0))
    expect(status.diagnosticMessages.map(({ remedy }) => remedy)).toContainEqual(finding.remedy)
  for (const [index, { healthStatus, incident }] of workers.entries()) {
    const told = about('worker').find(({ message }) => message.startsWith(`worker ${index + 1} `))
    expect({ healthStatus, told: told !== undefined }).toEqual({ healthStatus, told: healthStatus !== 'healthy' })
    if (told !== undefined && incident !== null) expect(told.remedy).toEqual([`bezel incidents ${incident}`])
  }
  for (const { database, circuitBreakerState, server } of pools) {
    const told = about('database').find(({ message }) => message.includes(`to ${database} at`))
    expect(told?.remedy.join(' ') ?? null).toEqual(
      circuitBreakerState === 'closed' ? null : expect.stringContaining(`pg_isready -h ${server.split(':')[0]} -p 5432`),
    )
  }
})

function toWorker(workerId: number, healthStatus: WorkerHealth): WorkerStatus {
  return {
    workerId,
    processId: null,
    memoryUsageMb: null,
    crashCount: 1,
    lastRestartTime: null,
    healthStatus,
    errorHistory: [],
    state: healthStatus,
    run: null,
    restarts: 0,
    failures: 0,
    uptimeMs: null,
    rssMb: null,
    pssMb: null,
    children: 0,
    childDeaths: 0,
    droppedBytes: 0,
  }
}

type Told = SnakeCase<SystemHealthStatus>['diagnostic_messages']

/** Asks the running bezel until it tells of the trouble. */
async function untilTold(run: BezelRun, about: Told[number]['about']): Promise<Told> {
  for (let tries = 0; tries < 200; tries += 1) {
    const { code, stdout } = await run.command(['status', '--json'])
    const told = code === 0 ? (JSON.parse(stdout) as { readonly status: SnakeCase<SystemHealthStatus> }).status.diagnostic_messages : []
    if (told.some((message) => message.about === about)) return told
    await new Promise((done) => setTimeout(done, 100))
  }
  throw new Error(`nothing was told about ${about}`)
}

const apps = shareTinyApps()
afterAll(() => apps.remove())

/** Real troubles; each answers what was told of it, after what it says was typed where it is a command. */
const troubles = {
  'a gem for another Ruby': async (version: (typeof otherRubies)[number]) => {
    const app = apps.copy('bundler')
    try {
      breakGem(app, version, { packed: true })
      await using run = await runIn(app, 'warn')
      await run.fact('PortOpened')
      const told = await untilTold(run, 'extension')
      for (const line of told.find(({ message }) => message.includes(version))?.remedy ?? []) await app.type(line)
      const { code } = await run.command(['doctor', app.path])
      expect(code).toBe(0)
      return told
    } finally {
      app.remove()
    }
  },
  'a worker that dies at boot': async () => {
    const script = resolve(import.meta.dirname, '../fixtures/misbehaving/dies-at-boot.rb')
    await using run = await startSmallBezel({
      workers: 1,
      script,
      env: { BEZEL_WORKERS_RESTART_WAIT: '20s', BEZEL_WORKERS_RESTART_WAIT_MOST: '20s' },
    })
    await run.fact('IncidentRecorded')
    return await typed(run, await untilTold(run, 'worker'))
  },
  'a worker that was killed while it held nothing': async () => {
    await using app = await startSmallApp({ workers: 2 })
    const { pid } = await app.fact('RunReady')
    process.kill(pid, 'SIGKILL')
    await app.fact('IncidentRecorded')
    return await typed(app, await untilTold(app, 'worker'))
  },
  'a database that is away': async () => {
    const port = await freePort()
    await using app = await startSmallApp({ workers: 1, env: { DATABASE_URL: `postgres://bob:secret@127.0.0.1:${port}/app` } })
    const told = await untilTold(app, 'database')
    expect(told.flatMap(({ remedy }) => remedy).join('\n')).toContain(`pg_isready -h 127.0.0.1 -p ${port}`)
    return told
  },
} as const

/** Types what is a command of bezel's own: it must lead somewhere. */
async function typed(run: BezelRun, told: Told): Promise<Told> {
  const commands = told.flatMap(({ remedy }) => remedy).filter((line) => /^bezel incidents \S+$/.test(line))
  expect(commands).not.toEqual([])
  for (const line of commands) {
    const { code, stdout, stderr } = await run.command(line.split(' ').slice(1))
    expect({ code, told: stdout.trim() !== '', stderr }).toEqual({ code: 0, told: true, stderr: '' })
  }
  return told
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  await new Promise((done) => server.close(done))
  return typeof address === 'object' && address !== null ? address.port : 0
}

realProperty(
  23,
  fc.record({
    trouble: fc.constantFrom(...(Object.keys(troubles) as (keyof typeof troubles)[])),
    version: fc.constantFrom(...otherRubies),
  }),
  async ({ trouble, version }) => {
    for (const { remedy, message } of await troubles[trouble](version)) {
      expect(message).not.toContain('secret')
      expect(remedy.filter((line) => line.trim() !== '')).not.toEqual([])
    }
  },
  600_000,
  2,
)
