import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startGateway, targetOf } from '../../test/support/gateway.ts'
import { startPostgres, type TestPostgres } from '../../test/support/postgres.ts'

let postgres: TestPostgres

beforeAll(async () => {
  postgres = await startPostgres({ maxConnections: 20 })
  await postgres.queryAsSuper("CREATE ROLE guest LOGIN PASSWORD 'guest password'")
  await postgres.queryAsSuper('CREATE DATABASE cache OWNER app')
})

afterAll(() => postgres[Symbol.asyncDispose]())

const pidOf = 'SELECT pg_backend_pid() AS pid, current_user::text AS who, current_database()::text AS place'

describe('a pool', () => {
  test('takes as many connections as the server allows, less its reserved ones and five', async () => {
    await using gateway = await startGateway(postgres)
    expect(gateway.manager.getConnectionHealthStatus()[0]).toMatchObject({
      poolSize: 12,
      circuitBreakerState: 'closed',
      lastConnectionTest: { ok: true },
    })
    const clients = await Promise.all(Array.from({ length: 12 }, () => gateway.connect()))
    const thirteenth = gateway.connect()
    await gateway.until('the thirteenth waits', () => gateway.manager.getConnectionHealthStatus()[0]?.waitingClients === 1)
    await clients[0]?.end()
    expect((await (await thirteenth).query('SELECT 1 AS n')).rows).toEqual([{ n: 1 }])
  })

  test('that is exhausted says who holds what, how long and in which state', async () => {
    await using gateway = await startGateway(postgres, { poolSize: 2, queueDeadlineMs: 200 })
    const busy = await gateway.connect({ application_name: 'report' })
    await busy.query('BEGIN')
    await gateway.connect()
    await expect(gateway.connect()).rejects.toMatchObject({
      code: '53300',
      detail: expect.stringMatching(/worker 1 run 1 \(report\), idle in transaction for [\d.]+ s, connected for/),
    })
    const fact = gateway.events.find(({ tag }) => tag === 'PoolExhausted')
    expect(fact).toMatchObject({ database: 'primary', diagnosis: expect.arrayContaining([expect.stringContaining('idle in transaction')]) })
    expect((await busy.query('SELECT 1 AS n')).rows).toEqual([{ n: 1 }])
  })

  test('whose queue is full refuses at once', async () => {
    await using gateway = await startGateway(postgres, { poolSize: 1, queueLimit: 1 })
    const first = await gateway.connect()
    const second = gateway.connect()
    await gateway.until('one waits', () => gateway.manager.getConnectionHealthStatus()[0]?.waitingClients === 1)
    await expect(gateway.connect()).rejects.toMatchObject({ code: '53300', message: expect.stringContaining('queue is full') })
    await first.end()
    await second
  })

  test('replaces a connection that went bad while it was idle, before a client gets it', async () => {
    await using gateway = await startGateway(postgres, { checkAfterIdleMs: 0 })
    const first = await gateway.connect()
    await first.end()
    await gateway.until('it is pooled', () => gateway.manager.getConnectionHealthStatus()[0]?.idleConnections === 1)
    await postgres.queryAsSuper("SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity WHERE application_name LIKE 'bezel idle%'")
    const second = await gateway.connect()
    expect((await second.query('SELECT 1 AS n')).rows).toEqual([{ n: 1 }])
  })

  test('closes connections that are idle too long or too old', async () => {
    await using gateway = await startGateway(postgres, { idleTimeoutMs: 100, lifetimeMs: 300, lifetimeJitter: 0.1 })
    const first = await gateway.connect()
    await first.end()
    await gateway.until('it is closed for idleness', () =>
      gateway.events.some((event) => event.tag === 'ServerSessionClosed' && event.why === 'idle'),
    )
    const second = await gateway.connect()
    await second.query('SELECT pg_sleep(0.4)')
    await second.end()
    await gateway.until('it is closed for age', () =>
      gateway.events.some((event) => event.tag === 'ServerSessionClosed' && event.why === 'lifetime'),
    )
  })

  test('keeps logins apart: another user needs its own password, which the server checks', async () => {
    await using gateway = await startGateway(postgres)
    const app = await gateway.connect()
    await app.end()
    await expect(gateway.connect({ user: 'guest', password: 'wrong' })).rejects.toMatchObject({
      code: '28P01',
      routine: expect.any(String),
    })
    const guest = await gateway.connect({ user: 'guest', password: 'guest password', database: postgres.database })
    expect((await guest.query(pidOf)).rows).toMatchObject([{ who: 'guest' }])
    await guest.end()
    await expect(gateway.connect({ user: 'guest', password: 'wrong' })).rejects.toMatchObject({ code: '28P01' })
    expect(gateway.events.filter(({ tag }) => tag === 'LoginRefused')).toHaveLength(2)
  })

  test("relays an unknown database in the server's own words, and delays nobody else", async () => {
    await using gateway = await startGateway(postgres)
    await expect(gateway.connect({ database: 'nowhere' })).rejects.toMatchObject({
      code: '3D000',
      message: 'database "nowhere" does not exist',
    })
    const client = await gateway.connect()
    expect(gateway.manager.getConnectionHealthStatus()[0]?.circuitBreakerState).toBe('closed')
    expect((await client.query(pidOf)).rows).toMatchObject([{ who: 'app', place: 'app' }])
    const other = await gateway.connect({ database: 'cache' })
    expect((await other.query(pidOf)).rows).toMatchObject([{ who: 'app', place: 'cache' }])
  })

  test('relays a wrong configured password, without opening the breaker', async () => {
    const target = { ...targetOf(postgres), password: 'wrong' }
    await using gateway = await startGateway(postgres, { databases: [{ name: 'primary', target, listenPort: 5432, poolSize: null }] })
    await expect(gateway.connect()).rejects.toMatchObject({ code: '28P01' })
    expect(gateway.manager.getConnectionHealthStatus()[0]?.circuitBreakerState).toBe('closed')
  })
})

describe('several databases', () => {
  test('have a socket each, and share what their server allows', async () => {
    const target = targetOf(postgres)
    const databases = [
      { name: 'primary', target, listenPort: 5432, poolSize: null },
      { name: 'cache', target: { ...target, database: 'cache' }, listenPort: 5433, poolSize: 2 },
    ]
    await using gateway = await startGateway(postgres, { databases })
    const cache = await gateway.connect({ port: 5433, database: 'cache' })
    expect((await cache.query(pidOf)).rows).toMatchObject([{ place: 'cache' }])
    const primaries = await Promise.all(Array.from({ length: 11 }, () => gateway.connect()))
    expect(primaries).toHaveLength(11)
    const late = gateway.connect()
    await gateway.until('the next one waits', () => gateway.manager.getConnectionHealthStatus()[0]?.waitingClients === 1)
    // The idle connection of one database makes room for the other.
    await cache.end()
    expect((await (await late).query(pidOf)).rows).toMatchObject([{ place: 'app' }])
  })
})

describe('a test of the connections', () => {
  test('uses none of the pool, and reports the server in its own words when it is away', async () => {
    await using gateway = await startGateway(postgres, { poolSize: 1 })
    await gateway.connect()
    expect(await gateway.manager.testConnectionSafety()).toMatchObject([{ database: 'primary', ok: true, error: null }])
    await postgres.stop('fast')
    expect(await gateway.manager.testConnectionSafety()).toMatchObject([{ ok: false, error: expect.stringMatching(/connect|ENOENT/) }])
    await postgres.start()
  })

  test('answers by its deadline', async () => {
    await using gateway = await startGateway(postgres, { healthCheckTimeoutMs: 200 })
    const { pid } = postgres
    if (pid === null) throw new Error('no server')
    process.kill(pid, 'SIGSTOP')
    try {
      expect(await gateway.manager.testConnectionSafety()).toMatchObject([{ ok: false, error: expect.stringContaining('no answer') }])
    } finally {
      process.kill(pid, 'SIGCONT')
    }
  })
})

describe('stopping', () => {
  test('waits for transactions, ends idle sessions, and says what it cut at the deadline', async () => {
    const gateway = await startGateway(postgres)
    const idle = await gateway.connect()
    const finishing = await gateway.connect()
    const endless = await gateway.connect()
    await finishing.query('BEGIN')
    await endless.query('BEGIN')
    const idleEnded = new Promise((resolve) => idle.once('end', resolve))
    const stopped = gateway.manager.stop(performance.now() + 2_000)
    await idleEnded
    await finishing.query('COMMIT')
    expect(await stopped).toEqual({ requests: 0, transactions: 1, processes: 0 })
    await expect(gateway.connect()).rejects.toThrow()
    await gateway.until('the server has no session of ours', async () => {
      const rows = await postgres.queryAsSuper("SELECT count(*)::int AS n FROM pg_stat_activity WHERE usename = 'app'")
      return rows[0]?.['n'] === 0
    })
    await gateway.until('no timer is left', () => gateway.armed() === 0)
    await gateway[Symbol.asyncDispose]()
  })

  test('leaves nothing behind while the server is away, either', async () => {
    const gateway = await startGateway(postgres)
    const client = await gateway.connect()
    await client.query('SELECT 1')
    await postgres.stop('immediate')
    const waiting = gateway.connect().catch((error: { code?: string }) => error.code)
    await gateway.until('the breaker is open', () => gateway.manager.getConnectionHealthStatus()[0]?.circuitBreakerState !== 'closed')
    await gateway.until('it waits', () => gateway.manager.getConnectionHealthStatus()[0]?.waitingClients === 1)
    expect(await gateway.manager.stop(performance.now() + 500)).toEqual({ requests: 0, transactions: 0, processes: 0 })
    expect(await waiting).toBe('57P01')
    await gateway.until('no timer is left', () => gateway.armed() === 0)
    await gateway[Symbol.asyncDispose]()
    await postgres.start()
  })
})
