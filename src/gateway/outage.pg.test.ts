import type { Client } from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startGateway, type TestGateway } from '../../test/support/gateway.ts'
import { startPostgres, type TestPostgres } from '../../test/support/postgres.ts'

let postgres: TestPostgres
let gateway: TestGateway

beforeAll(async () => {
  postgres = await startPostgres()
  await postgres.queryAsSuper('CREATE TABLE ledger (id int); GRANT ALL ON ledger TO app')
})

beforeEach(async () => {
  if (postgres.pid === null) await postgres.start()
  gateway = await startGateway(postgres)
  return () => gateway[Symbol.asyncDispose]()
})

afterAll(() => postgres[Symbol.asyncDispose]())

/** What a query ends with: its rows, or the SQLSTATE of its error (or its message, without one). */
function outcome(query: Promise<{ rows: unknown[] }>): Promise<unknown> {
  return query.then(
    ({ rows }) => rows,
    (error: Error & { code?: string }) => error.code ?? error.message,
  )
}

function backState() {
  return gateway.manager.getConnectionHealthStatus()[0]?.circuitBreakerState
}

describe('a session whose server restarts', () => {
  test.each(['fast', 'immediate'] as const)('is paused and goes on with its next query (%s)', async (how) => {
    const client = await gateway.connect()
    await client.query('SELECT 1')
    await postgres.stop(how)
    const asked = outcome(client.query('SELECT 2 AS n'))
    await gateway.until('the breaker is open', () => backState() !== 'closed')
    await postgres.start()
    expect(await asked).toEqual([{ n: 2 }])
    expect(await outcome(client.query('SELECT 3 AS n'))).toEqual([{ n: 3 }])
    expect(gateway.events.filter(({ tag }) => tag === 'ServerLost' || tag === 'ServerBack').map(({ tag }) => tag)).toEqual([
      'ServerLost',
      'ServerBack',
    ])
    const changes = gateway.events.flatMap((fact) => (fact.tag === 'BreakerChanged' && fact.isNews ? [fact.state] : []))
    expect(changes).toEqual(['open', 'closed'])
  })

  test('is told of once, however often the server is tried', async () => {
    await postgres.stop('fast')
    const opened = () => gateway.events.filter((fact) => fact.tag === 'BreakerChanged' && fact.state === 'open')
    void outcome(gateway.connect().then((client) => client.query('SELECT 1')))
    await gateway.until('it was tried three times', () => opened().length >= 3)
    expect(opened().filter((fact) => fact.tag === 'BreakerChanged' && fact.isNews)).toHaveLength(1)
    await postgres.start()
  })

  test('keeps its settings and prepared statements', async () => {
    const client = await gateway.connect()
    await client.query("SET work_mem TO '7MB'")
    await client.query({ name: 'plus', text: 'SELECT $1::int + 1 AS n', values: [1] })
    await postgres.restart()
    expect(await outcome(client.query('SHOW work_mem'))).toEqual([{ work_mem: '7MB' }])
    expect(await outcome(client.query({ name: 'plus', text: 'SELECT $1::int + 1 AS n', values: [2] }))).toEqual([{ n: 3 }])
  })

  test('is told 08006 and closed when it holds what no other connection has', async () => {
    const client = await gateway.connect()
    await client.query('CREATE TEMP TABLE mine (n int)')
    const ended = new Promise((resolve) => client.once('end', resolve))
    const error = new Promise<Error & { code?: string }>((resolve) => client.once('error', resolve))
    await postgres.stop('fast')
    expect((await error).code).toBe('08006')
    await ended
  })

  test.each(['fast', 'immediate'] as const)('is told 08006 inside a transaction (%s)', async (how) => {
    const client = await gateway.connect()
    await client.query('BEGIN; INSERT INTO ledger VALUES (1)')
    const error = new Promise<Error & { code?: string }>((resolve) => client.once('error', resolve))
    await postgres.stop(how)
    expect((await error).code).toBe('08006')
  })

  test('is told 08007 when a write or a COMMIT was unanswered, and nothing is repeated', async () => {
    await postgres.queryAsSuper('TRUNCATE ledger')
    const blocker = await gateway.connect()
    await blocker.query('BEGIN; LOCK TABLE ledger IN ACCESS EXCLUSIVE MODE')
    const client = await gateway.connect()
    const write = outcome(client.query('INSERT INTO ledger VALUES (7)'))
    await gateway.until('the write waits', async () => {
      const rows = await postgres.queryAsSuper("SELECT count(*)::int AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
      return rows[0]?.['n'] === 1
    })
    await postgres.stop('immediate')
    expect(await write).toBe('08007')
    await postgres.start()
    expect(await postgres.queryAsSuper('SELECT count(*)::int AS n FROM ledger')).toEqual([{ n: 0 }])
  })

  test('is told 08007 when a COMMIT was unanswered, by a server that may have done it', async () => {
    await postgres.queryAsSuper(`
      CREATE OR REPLACE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(60); RETURN NULL; END';
      CREATE TABLE IF NOT EXISTS slow (id int); GRANT ALL ON slow TO app;
      DROP TRIGGER IF EXISTS at_commit ON slow;
      CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON slow DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slowly()`)
    const client = await gateway.connect()
    await client.query('BEGIN; INSERT INTO slow VALUES (1)')
    const commit = outcome(client.query('COMMIT'))
    await gateway.until('the COMMIT runs', async () => {
      const rows = await postgres.queryAsSuper(
        "SELECT count(*)::int AS n FROM pg_stat_activity WHERE query = 'COMMIT' AND state = 'active'",
      )
      return rows[0]?.['n'] === 1
    })
    await postgres.stop('fast')
    expect(await commit).toBe('08007')
  })

  test('is told 08006, not asked again, when its read was what ended the backend', async () => {
    const client = await gateway.connect()
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
    const asked = outcome(client.query('SELECT count(*) FROM generate_series(1, 1000000000)'))
    const pid = rows[0]?.pid ?? 0
    await gateway.until('it runs', async () => {
      const found = await postgres.queryAsSuper(`SELECT count(*)::int AS n FROM pg_stat_activity WHERE pid = ${pid} AND state = 'active'`)
      return found[0]?.['n'] === 1
    })
    process.kill(pid, 'SIGSEGV')
    expect(await asked).toBe('08006')
  })

  test('loses nothing under load outside transactions, whichever way it is stopped', async () => {
    const clients = await Promise.all(Array.from({ length: 8 }, () => gateway.connect()))
    const failures: unknown[] = []
    let answered = 0
    let running = true
    const load = async (client: Client) => {
      while (running) {
        const result = await outcome(client.query('SELECT 1 AS n'))
        if (Array.isArray(result)) answered += 1
        else failures.push(result)
        if (failures.length > 20) return
      }
    }
    const loads = clients.map(load)
    for (const how of ['fast', 'immediate'] as const) {
      const before = answered
      await gateway.until('the load runs', () => answered > before + 100)
      await postgres.restart(how)
    }
    const before = answered
    await gateway.until('the load runs again', () => answered > before + 100)
    running = false
    await Promise.all(loads)
    expect(failures).toEqual([])
  })
})

describe('a session that pg_terminate_backend ends', () => {
  test("gets the server's own FATAL, then the end", async () => {
    const client = await gateway.connect()
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
    const error = new Promise<Error & { code?: string }>((resolve) => client.once('error', resolve))
    const ended = new Promise((resolve) => client.once('end', resolve))
    await postgres.queryAsSuper(`SELECT pg_terminate_backend(${rows[0]?.pid})`)
    expect((await error).code).toBe('57P01')
    await ended
  })
})

describe('a client that connects while the server is away', () => {
  test('waits until it is back', async () => {
    await postgres.stop('fast')
    const connecting = gateway.connect()
    await gateway.until('the breaker is open', () => backState() !== 'closed')
    await postgres.start()
    expect(await outcome((await connecting).query('SELECT 1 AS n'))).toEqual([{ n: 1 }])
  })

  test('is told 57P03 with the time of the next try when its wait is over', async () => {
    await using impatient = await startGateway(postgres, { queueDeadlineMs: 300 })
    const client = await impatient.connect()
    await postgres.stop('fast')
    await expect(impatient.connect()).rejects.toMatchObject({
      code: '57P03',
      hint: expect.stringMatching(/next attempt is made in \d+ ms/),
    })
    const error = new Promise<Error & { code?: string }>((resolve) => client.once('error', resolve))
    expect(await outcome(client.query('SELECT 1'))).toMatch(/57P03/)
    await error.catch(() => {})
  })

  test('finds a gateway that was started without a server', async () => {
    await postgres.stop('fast')
    await using early = await startGateway(postgres)
    expect(early.manager.snapshot().pools[0]).toMatchObject({
      circuitBreakerState: expect.stringMatching(/open/),
      lastConnectionTest: { ok: false },
    })
    const connecting = early.connect()
    await postgres.start()
    expect(await outcome((await connecting).query('SELECT 1 AS n'))).toEqual([{ n: 1 }])
  })
})
