import fc from 'fast-check'
import { afterAll, beforeAll, expect } from 'vitest'
import type { ConnectFailure } from '../../src/gateway/server-link/connect-failure.ts'
import { testConnection } from '../../src/gateway/test-connection.ts'
import { startGateway, targetOf } from '../support/gateway.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'
import { modelProperty, realProperty } from './cases.ts'
import { healthOf } from './gateway-clients.ts'

let postgres: TestPostgres
beforeAll(async () => {
  postgres = await startPostgres({ maxConnections: 40 })
}, 60_000)
afterAll(() => postgres[Symbol.asyncDispose]())

const words = fc.string().filter((text) => text.trim() !== '')
const failure: fc.Arbitrary<ConnectFailure> = fc.oneof(
  fc.record({ tag: fc.constant('Unreachable' as const), errno: fc.constantFrom('ECONNREFUSED', 'ENOENT', null), text: words }),
  fc.record({
    tag: fc.constant('Refused' as const),
    sqlstate: fc.constantFrom('28P01', '3D000', '53300', '57P03'),
    text: words,
    bytes: fc.constant(Buffer.alloc(0)),
  }),
  fc.record({ tag: fc.constant('Tls' as const), text: words }),
  fc.record({ tag: fc.constant('Timeout' as const), afterMs: fc.nat(9_000), stage: fc.constantFrom('connect' as const, 'tls' as const) }),
  fc.record({ tag: fc.constant('Protocol' as const), text: words }),
)

/** However a server fails, a check of it says so in words, after one attempt within the time that it was given. */
modelProperty(8, fc.record({ failure, withinMs: fc.integer({ min: 1, max: 60_000 }) }), async ({ failure, withinMs }) => {
  const asked: number[] = []
  const database = { name: 'primary', target: targetOf(postgres), listenPort: 5432, poolSize: null }
  const tested = await testConnection(database, withinMs, new ManualClock(), {
    connectServer: (_target, _parameters, { connectTimeoutMs }) => {
      asked.push(connectTimeoutMs)
      return Promise.resolve(failure)
    },
  })
  expect(tested).toMatchObject({ database: 'primary', ok: false, error: expect.stringMatching(/\S/) })
  expect(asked).toEqual([withinMs])
})

realProperty(
  8,
  fc.record({
    poolSize: fc.integer({ min: 1, max: 4 }),
    /** How many clients are in the middle of a transaction, at most all connections. */
    busy: fc.nat(4),
    checks: fc.integer({ min: 1, max: 4 }),
    server: fc.constantFrom('up' as const, 'away' as const, 'silent' as const),
  }),
  async ({ poolSize, busy, checks, server }) => {
    await using gateway = await startGateway(postgres, { poolSize, healthCheckTimeoutMs: server === 'up' ? 20_000 : 500 })
    const clients = await Promise.all(Array.from({ length: Math.min(busy, poolSize) }, () => gateway.connect()))
    for (const client of clients) await client.query('BEGIN')
    const { activeConnections, idleConnections } = healthOf(gateway)
    const { pid } = postgres
    try {
      if (server === 'away') await postgres.stop('fast')
      if (server === 'silent' && pid !== null) process.kill(pid, 'SIGSTOP')
      const tests = (await Promise.all(Array.from({ length: checks }, () => gateway.manager.testConnectionSafety()))).flat()
      // The word is the truth, whoever holds the pool.
      expect(tests.map(({ ok }) => ok)).toEqual(Array.from({ length: checks }, () => server === 'up'))
      for (const { ok, error } of tests)
        if (!ok) expect(error).toMatch(server === 'away' ? /connect|ENOENT|terminat|shut/i : /no answer|time|within/i)
      if (server !== 'away') {
        // No connection of the pool was taken, none was opened, and nobody's transaction has noticed.
        expect(healthOf(gateway)).toMatchObject({ activeConnections, idleConnections })
        for (const client of clients) expect((await client.query("SELECT pg_current_xact_id() > '0' AS on")).rows).toEqual([{ on: true }])
        expect(gateway.events.filter(({ tag }) => tag === 'ServerSessionClosed')).toEqual([])
      }
    } finally {
      if (server === 'silent' && pid !== null) process.kill(pid, 'SIGCONT')
      if (server === 'away') await postgres.start()
    }
  },
  300_000,
)
