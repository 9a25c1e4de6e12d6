import fc from 'fast-check'
import { afterAll, beforeAll, expect } from 'vitest'
import { HealthMonitoringEngine } from '../../src/health/health-monitoring-engine.ts'
import type { HealthSources } from '../../src/health/ports.ts'
import { normal } from '../../src/recovery/degradation/decide-degradation.ts'
import { startGateway } from '../support/gateway.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'
import { modelProperty, realProperty } from './cases.ts'
import { healthOf } from './gateway-clients.ts'

let postgres: TestPostgres
beforeAll(async () => {
  postgres = await startPostgres({ maxConnections: 40 })
}, 60_000)
afterAll(() => postgres[Symbol.asyncDispose]())

/** More than a report needs of any one source. */
const mostReads = 3

/** A report is read off what is at hand: at once, and with as many questions after a million answers as after none. */
modelProperty(
  22,
  fc.record({ answers: fc.array(fc.nat(1_000_000), { maxLength: 50 }), reports: fc.integer({ min: 1, max: 20 }) }),
  (drawn) => {
    const reads = new Map<string, number>()
    const counted =
      <T>(name: string, value: T) =>
      (): T => {
        reads.set(name, (reads.get(name) ?? 0) + 1)
        return value
      }
    let answered = 0
    const sources: HealthSources = {
      validation: counted('validation', null),
      workers: counted('workers', Object.freeze({ mode: 'isolated' as const, workers: [], wanted: 0, ready: 0, hasGivenUp: false })),
      pools: counted('pools', Object.freeze([])),
      traffic: () => ({ answered, failed: 0 }),
      degradation: counted('degradation', normal),
      lastIncidentOf: () => null,
      wallTimeMs: () => 0,
      nowMs: () => answered,
    }
    const engine = new HealthMonitoringEngine(sources)
    for (const more of drawn.answers) {
      answered += more
      engine.sample()
    }
    expect(reads).toEqual(new Map())
    for (let report = 0; report < drawn.reports; report += 1) engine.generateStabilityReport()
    for (const count of reads.values()) expect(count).toBeLessThanOrEqual(mostReads * drawn.reports)
  },
)

async function sessions(where: string): Promise<number[]> {
  const rows = await postgres.queryAsSuper(`SELECT pid FROM pg_stat_activity WHERE usename = '${postgres.user}' AND ${where} ORDER BY pid`)
  return rows.map(({ pid }) => Number(pid))
}

/** A check that the server never answers holds up nobody: it has a connection of its own, and comes by the clock alone. */
realProperty(
  22,
  fc.record({
    poolSize: fc.integer({ min: 1, max: 4 }),
    clients: fc.integer({ min: 1, max: 4 }),
    intervalMs: fc.integer({ min: 1, max: 60_000 }),
    /** Whose turn it is. */
    queries: fc.array(fc.nat(3), { minLength: 1, maxLength: 30 }),
  }),
  async ({ poolSize, clients: wanted, intervalMs, queries }) => {
    const clock = new ManualClock()
    const settings = { clock, poolSize, healthCheckIntervalMs: intervalMs, healthCheckTimeoutMs: 1e9 }
    await using gateway = await startGateway(postgres, settings)
    const clients = await Promise.all(Array.from({ length: Math.min(wanted, poolSize) }, () => gateway.connect()))
    for (const client of clients) await client.query('SELECT 1')
    const isControl = "application_name = 'bezel control'"
    const { lastConnectionTest, ...health } = healthOf(gateway)
    // PostgreSQL forgets a closed connection, as the last case's, a moment later.
    await expect.poll(() => sessions(isControl)).toHaveLength(1)
    await expect.poll(() => sessions(`NOT ${isControl}`)).toHaveLength(health.activeConnections + health.idleConnections)
    const [control] = await sessions(isControl)
    const pool = await sessions(`NOT ${isControl}`)
    if (control === undefined) throw new Error('the gateway has no control connection')
    process.kill(control, 'SIGSTOP')
    try {
      // The next check is on its way, and stays there.
      clock.turn(intervalMs)
      for (const [index, turn] of queries.entries())
        expect((await clients[turn % clients.length]?.query(`SELECT ${index}::int AS n`))?.rows).toEqual([{ n: index }])
      const { lastConnectionTest: after, ...then } = healthOf(gateway)
      expect(then).toEqual(health)
      // The newest answer is still the one before: no number of queries asks for another.
      expect(after?.agoMs).toBe((lastConnectionTest?.agoMs ?? 0) + intervalMs)
      expect(await sessions(`NOT ${isControl}`)).toEqual(pool)
      expect(await sessions(isControl)).toEqual([control])
    } finally {
      process.kill(control, 'SIGCONT')
    }
  },
  300_000,
)
