import net from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cancelRequest, query, startupMessage, sync } from '../formats/pgwire/client-messages.ts'
import { startGateway, targetOf, type TestGateway } from '../../test/support/gateway.ts'
import { startPostgres, type TestPostgres } from '../../test/support/postgres.ts'
import { EnhancedDatabaseManager } from './enhanced-database-manager.ts'
import { gatewayDefaults } from './options.ts'
import { systemClock } from '../system/clock.ts'

let postgres: TestPostgres
let gateway: TestGateway

beforeAll(async () => {
  postgres = await startPostgres()
  await postgres.queryAsSuper(
    'CREATE TABLE accounts (id int PRIMARY KEY, n int); INSERT INTO accounts SELECT i, 0 FROM generate_series(1, 20) i; GRANT ALL ON accounts TO app',
  )
  gateway = await startGateway(postgres)
})

afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await postgres[Symbol.asyncDispose]()
})

/** A client that speaks the protocol by hand, and can be cut off at any byte. */
async function rawClient(run = 1): Promise<{ socket: net.Socket; received(): Buffer; until(text: string): Promise<void> }> {
  const socket = net.connect(`${gateway.socketDir(run)}/.s.PGSQL.5432`)
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => void chunks.push(chunk))
  socket.on('error', () => {})
  const received = () => Buffer.concat(chunks)
  const until = (text: string) => gateway.until(`the server says ${text}`, () => received().includes(text))
  socket.write(
    startupMessage(0, [
      ['user', postgres.user],
      ['database', postgres.database],
      ['client_encoding', 'UTF8'],
    ]),
  )
  await until('Z\0\0\0\x05I')
  return { socket, received, until }
}

function activeConnections(): number | undefined {
  return gateway.manager.getConnectionHealthStatus()[0]?.activeConnections
}

const pooled = () => gateway.until('all connections are pooled', () => activeConnections() === 0)
const openedSessions = () => gateway.events.filter(({ tag }) => tag === 'ServerSessionOpened').length

/** Whether another session can change the row at once. */
async function isFree(id: number): Promise<boolean> {
  const rows = await postgres.queryAsSuper(`SELECT id FROM accounts WHERE id = ${id} FOR UPDATE SKIP LOCKED`)
  return rows.length === 1
}

describe('a client that vanishes', () => {
  test.each([
    ['inside a transaction', [query('BEGIN; UPDATE accounts SET n = 1 WHERE id = 1')], 'UPDATE 1'],
    ['inside a failed transaction', [query('BEGIN; UPDATE accounts SET n = 1 WHERE id = 1; SELECT 1/0')], 'division'],
    ['in the middle of a statement', [query('BEGIN; UPDATE accounts SET n = 1 WHERE id = 1'), query('SELECT pg_sleep(60)')], 'UPDATE 1'],
    ['while it copies in', [query('BEGIN; UPDATE accounts SET n = 1 WHERE id = 1'), query('COPY accounts FROM STDIN')], 'G\0\0\0'],
    [
      'while it reads a large result',
      [query('BEGIN; UPDATE accounts SET n = 1 WHERE id = 1'), query("SELECT repeat('x', 1000) FROM generate_series(1, 1000000)")],
      'xxxx',
    ],
  ])('%s is rolled back, and its connection is reset for the next', async (_title, messages, sign) => {
    const before = openedSessions()
    const client = await rawClient()
    for (const message of messages) client.socket.write(message)
    await client.until(sign)
    client.socket.destroy()
    await pooled()
    expect(await isFree(1)).toBe(true)
    const next = await gateway.connect()
    expect((await next.query('SELECT n FROM accounts WHERE id = 1')).rows).toEqual([{ n: 0 }])
    await next.end()
    await pooled()
    // One connection served them all: none had to be thrown away.
    expect(openedSessions()).toBe(Math.max(1, before))
  })

  test('in the middle of a message costs the server connection, and leaves no lock', async () => {
    const client = await rawClient()
    client.socket.write(query('BEGIN; UPDATE accounts SET n = 1 WHERE id = 2'))
    await client.until('UPDATE 1')
    client.socket.write(query(`SELECT '${'x'.repeat(1_000)}'`).subarray(0, 500))
    await gateway.until('the row is locked', async () => !(await isFree(2)))
    client.socket.destroy()
    await gateway.until('the row is free', () => isFree(2))
  })

  test('with a pipeline of a thousand Syncs unread leaves a clean connection', async () => {
    const client = await rawClient()
    client.socket.write(Buffer.concat(Array.from({ length: 1_000 }, () => sync)))
    await gateway.until('a thousand answers', () => client.received().toString('latin1').split('Z\0\0\0\x05I').length > 1_000)
    client.socket.write(Buffer.concat([...Array.from({ length: 1_000 }, () => sync), query('SELECT 1')]))
    client.socket.destroy()
    await pooled()
  })

  test('having said something that is not the protocol is told so', async () => {
    const client = await rawClient()
    client.socket.write('GET / HTTP/1.1\r\n\r\n')
    await client.until('08P01')
    await pooled()
  })
})

describe('the fence', () => {
  test('ends all sessions of a dead run at once, whatever they do, and takes no more of it', async () => {
    await gateway.listen(2)
    const inTransaction = await rawClient(2)
    inTransaction.socket.write(query('BEGIN; UPDATE accounts SET n = 9 WHERE id = 3'))
    await inTransaction.until('UPDATE 1')
    const running = await rawClient(2)
    running.socket.write(query('UPDATE accounts SET n = 9 WHERE id = 4 RETURNING pg_sleep(60)'))
    await gateway.until('it runs', async () => !(await isFree(4)))
    const torn = await rawClient(2)
    torn.socket.write(query('BEGIN; UPDATE accounts SET n = 9 WHERE id = 5'))
    await torn.until('UPDATE 1')
    torn.socket.write(query(`SELECT '${'x'.repeat(1_000)}'`).subarray(0, 500))
    const other = await gateway.connect()
    await other.query('BEGIN; UPDATE accounts SET n = 9 WHERE id = 6')

    const startMs = performance.now()
    const end = await gateway.manager.endLeases(2)
    const tookMs = performance.now() - startMs
    expect(end).toEqual({ rolledBack: 3, stillOpen: 0 })
    expect(await Promise.all([3, 4, 5].map(isFree))).toEqual([true, true, true])
    expect(await isFree(6)).toBe(false)
    expect(tookMs).toBeLessThan(5_000)
    expect(gateway.events.at(-1)).toEqual({ tag: 'LeasesEnded', run: 2, rolledBack: 3, stillOpen: 0 })
    await other.query('ROLLBACK')
    await other.end()
    await expect(gateway.connect({ run: 2 })).rejects.toThrow()
  })

  test('ends what a dead predecessor left on the server', async () => {
    const sessions: { database: string; pid: number; secret: string; run: null }[] = []
    const outside = {
      clock: systemClock,
      random: () => 0.5,
      emit: (event: { tag: string; session?: (typeof sessions)[number] }) => void (event.session && sessions.push(event.session)),
    }
    const database = { name: 'primary', target: targetOf(postgres), listenPort: 5432, poolSize: null }
    const predecessor = new EnhancedDatabaseManager({ ...gatewayDefaults, databases: [database] }, outside as never)
    await predecessor.listen(1, 'primary', `${gateway.socketDir()}/predecessor`)
    const socket = net.connect(`${gateway.socketDir()}/predecessor`)
    socket.resume()
    socket.write(Buffer.concat([startupMessage(0, [['user', postgres.user]])]))
    await gateway.until('its session is open', () => sessions.length === 1)
    await new Promise((resolve) => setTimeout(resolve, 50))
    socket.write(query('UPDATE accounts SET n = 9 WHERE id = 7 RETURNING pg_sleep(60)'))
    await gateway.until('it runs', async () => !(await isFree(7)))

    expect(await gateway.manager.adopt(sessions)).toBe(true)
    expect(await isFree(7)).toBe(true)
    socket.destroy()
    await predecessor.stop(performance.now() + 1_000)
  })
})

describe('a cancel request', () => {
  test("cancels its own session's statement, and nothing when that is idle or the key is wrong", async () => {
    const victim = await gateway.connect()
    const { processID, secretKey } = victim as typeof victim & { processID: number; secretKey: number }
    const secret = Buffer.alloc(4)
    secret.writeInt32BE(secretKey)
    const cancel = (key: Buffer) =>
      new Promise<void>((resolve) => {
        const socket = net.connect(`${gateway.socketDir()}/.s.PGSQL.5432`, () => socket.write(cancelRequest(processID, key)))
        socket.on('close', () => resolve()).resume()
      })
    await cancel(secret)
    expect((await victim.query('SELECT 1 AS n')).rows).toEqual([{ n: 1 }])
    const sleeping = victim.query('SELECT pg_sleep(0.3)').then(
      () => 'slept',
      (error: { code: string }) => error.code,
    )
    await cancel(Buffer.from([1, 2, 3, 4]))
    expect(await sleeping).toBe('slept')
    const cancelled = victim.query('SELECT pg_sleep(60)').then(
      () => 'slept',
      (error: { code: string }) => error.code,
    )
    await gateway.until('it sleeps', async () => {
      const rows = await postgres.queryAsSuper(
        `SELECT count(*)::int AS n FROM pg_stat_activity WHERE pid = ${processID} AND wait_event = 'PgSleep'`,
      )
      return rows[0]?.['n'] === 1
    })
    await cancel(secret)
    expect(await cancelled).toBe('57014')
    expect((await victim.query('SELECT 2 AS n')).rows).toEqual([{ n: 2 }])
    await victim.end()
  })
})
