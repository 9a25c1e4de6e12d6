import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startGateway, targetOf } from '../../test/support/gateway.ts'
import { ManualClock } from '../../test/support/manual-clock.ts'
import { startPostgres, type TestPostgres } from '../../test/support/postgres.ts'

let postgres: TestPostgres

beforeAll(async () => {
  postgres = await startPostgres({ tls: 'demand' })
  await postgres.queryAsSuper('CREATE TABLE rows (id int PRIMARY KEY); INSERT INTO rows VALUES (1); GRANT ALL ON rows TO app')
})

afterAll(() => postgres[Symbol.asyncDispose]())

describe('the fence', () => {
  test('gives up on a backend that cannot answer, within its bound, and says so', async () => {
    await using gateway = await startGateway(postgres, { fenceTimeoutMs: 400, checkTimeoutMs: 150 })
    const client = await gateway.connect()
    await client.query('BEGIN; SELECT * FROM rows FOR UPDATE')
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
    const pid = rows[0]?.pid ?? 0
    process.kill(pid, 'SIGSTOP')
    try {
      const startMs = performance.now()
      expect(await gateway.manager.endLeases(1)).toEqual({ rolledBack: 0, stillOpen: 1 })
      expect(performance.now() - startMs).toBeLessThan(5_000)
    } finally {
      process.kill(pid, 'SIGCONT')
    }
    await gateway.until(
      'the row is free',
      async () => (await postgres.queryAsSuper('SELECT id FROM rows FOR UPDATE SKIP LOCKED')).length === 1,
    )
  })

  test('does not wait for a server that is away', async () => {
    await using gateway = await startGateway(postgres, { fenceTimeoutMs: 20_000 })
    const client = await gateway.connect()
    await client.query('SELECT 1')
    await postgres.stop('immediate')
    await gateway.until('the breaker is open', () => gateway.manager.getConnectionHealthStatus()[0]?.circuitBreakerState !== 'closed')
    const waiting = client.query('SELECT 2').catch(() => 'ended')
    expect(await gateway.manager.endLeases(1)).toEqual({ rolledBack: 0, stillOpen: 0 })
    expect(await waiting).toBe('ended')
    await postgres.start()
  })
})

describe('a gateway', () => {
  test('encrypts towards the server while its clients speak plain text', async () => {
    const target = { ...targetOf(postgres), host: '127.0.0.1', sslmode: 'require' as const }
    await using gateway = await startGateway(postgres, { databases: [{ name: 'primary', target, listenPort: 5432, poolSize: null }] })
    const client = await gateway.connect()
    expect((await client.query('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()')).rows).toEqual([{ ssl: true }])
    const { rows } = await client.query("SELECT repeat('x', 1000) AS wide FROM generate_series(1, 20000)")
    expect(rows).toHaveLength(20_000)
  })

  test('tells a refused login and an unreachable server apart, and counts only the latter towards the breaker', async () => {
    await using gateway = await startGateway(postgres, { failuresToOpen: 2 })
    const refused = { tag: 'Refused' as const, sqlstate: '28P01', text: 'password authentication failed', bytes: Buffer.alloc(0) }
    const unreachable = { tag: 'Unreachable' as const, errno: 'ECONNREFUSED', text: 'connect ECONNREFUSED' }
    const handle = (failure: typeof refused | typeof unreachable) =>
      gateway.manager.handleConnectionFailure({ database: 'primary', failure })
    for (let count = 0; count < 5; count += 1) expect(handle(refused)).toMatchObject({ verdict: 'refused', retryInMs: null })
    expect(handle(unreachable)).toMatchObject({ verdict: 'unreachable', retryInMs: null })
    expect(handle(unreachable)).toMatchObject({ verdict: 'unreachable', message: 'connect ECONNREFUSED', retryInMs: expect.any(Number) })
    await gateway.until(
      'a probe closes the breaker',
      () => gateway.manager.getConnectionHealthStatus()[0]?.circuitBreakerState === 'closed',
    )
  })

  test('gives a client another connection when the one it got does not answer, at the end of the time for that', async () => {
    const clock = new ManualClock()
    await using gateway = await startGateway(postgres, { clock })
    const first = await gateway.connect()
    const { rows } = await first.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
    const pid = rows[0]?.pid ?? 0
    await first.end()
    await gateway.until('it is pooled', () => gateway.manager.getConnectionHealthStatus()[0]?.idleConnections === 1)
    process.kill(pid, 'SIGSTOP')
    try {
      const connecting = gateway.connect()
      await gateway.until('it is leased', () => gateway.manager.getConnectionHealthStatus()[0]?.activeConnections === 1)
      // In one go: what the client would be told at the same time, it is not told.
      clock.turn(5_000)
      const second = await connecting
      expect((await second.query('SELECT pg_backend_pid() AS pid')).rows).not.toEqual(rows)
    } finally {
      process.kill(pid, 'SIGCONT')
    }
  })

  test('knows no database but the configured ones', async () => {
    await using gateway = await startGateway(postgres)
    await expect(gateway.manager.listen(1, 'nowhere', `${gateway.socketDir()}/x`)).rejects.toMatchObject({ code: 'DATABASE_UNKNOWN' })
  })

  test('rejects a listener that the system refuses', async () => {
    await using gateway = await startGateway(postgres)
    await expect(gateway.manager.listen(1, 'primary', `${gateway.socketDir()}/.s.PGSQL.5432`)).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })

  test('replaces a control connection that was ended', async () => {
    await using gateway = await startGateway(postgres)
    const controls = "SELECT pid FROM pg_stat_activity WHERE application_name = 'bezel control'"
    const [before] = await postgres.queryAsSuper(controls)
    await postgres.queryAsSuper(`SELECT pg_terminate_backend(${String(before?.['pid'])}, 1000)`)
    await gateway.until('there is another', async () => {
      const [after] = await postgres.queryAsSuper(controls)
      return after !== undefined && after['pid'] !== before?.['pid']
    })
    expect(gateway.manager.getConnectionHealthStatus()[0]?.circuitBreakerState).toBe('closed')
  })
})
