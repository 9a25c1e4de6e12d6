import fc from 'fast-check'
import type { Client } from 'pg'
import { afterAll, beforeAll, expect } from 'vitest'
import { startGateway } from '../support/gateway.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'
import { realProperty } from './cases.ts'
import { call, healthOf, streamOf, untilAnswering } from './gateway-clients.ts'

let postgres: TestPostgres
beforeAll(async () => {
  postgres = await startPostgres({ maxConnections: 60 })
  await postgres.queryAsSuper(
    'CREATE TABLE accounts (id int PRIMARY KEY); INSERT INTO accounts SELECT generate_series(0, 9); GRANT ALL ON accounts TO app',
  )
})
afterAll(() => postgres[Symbol.asyncDispose]())

const timeoutMs = 120_000
const whole = (min: number, max: number) => fc.integer({ min, max })
/** No check of the server, and no deadline but those that are meant, comes between. */
const still = { healthCheckIntervalMs: 1e9, connectTimeoutMs: 1e9 }

async function pidOf(client: Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  return rows[0]?.pid ?? 0
}

realProperty(
  27,
  fc.record({
    /** What befalls each pooled connection. */
    fates: fc.array(fc.constantFrom('well', 'ended', 'hung'), { minLength: 1, maxLength: 4 }),
    idleForMs: whole(1, 100_000),
    checkAfterIdleMs: whole(0, 100_000),
    checkTimeoutMs: whole(100, 4_900),
    idleTimeoutMs: whole(1_000, 200_000),
    lifetimeMs: whole(1_000, 200_000),
    lifetimeJitter: fc.double({ min: 0, max: 0.5, noNaN: true }),
    random: fc.double({ min: 0, max: 0.999, noNaN: true }),
  }),
  async ({ fates, idleForMs, random, ...settings }) => {
    const clock = new ManualClock()
    await using gateway = await startGateway(postgres, { ...still, ...settings, clock, poolSize: fates.length, random: () => random })
    const first = await Promise.all(fates.map(() => gateway.connect()))
    const pids = await Promise.all(first.map(pidOf))
    await Promise.all(first.map((client) => client.end()))
    await gateway.until('all are pooled', () => healthOf(gateway).idleConnections === fates.length)

    const ageMs = settings.lifetimeMs * (1 - settings.lifetimeJitter * random)
    clock.turn(idleForMs)
    const why = idleForMs >= Math.min(ageMs, settings.idleTimeoutMs) ? (ageMs <= settings.idleTimeoutMs ? 'lifetime' : 'idle') : null
    const ends = () => gateway.events.flatMap((fact) => (fact.tag === 'ServerSessionClosed' ? [fact.why] : []))
    expect(ends()).toEqual(why === null ? [] : fates.map(() => why))
    const kept = why === null ? fates : []
    const those = (fate: string) => pids.filter((_, index) => kept[index] === fate)
    const hung = those('hung')
    for (const pid of hung) process.kill(pid, 'SIGSTOP')
    try {
      for (const pid of those('ended')) process.kill(pid, 'SIGTERM')
      const callers = fates.map(() => call(gateway, postgres))
      const served = () => callers.filter((caller) => caller.outcome() === 'served').length
      // What hangs shows only in time: of the check, or of the five seconds that a session is given to be taken over. All else needs none.
      await gateway.until('those whose connection does not hang are served', () => served() === fates.length - hung.length)
      await gateway.until('the others are given one that does', () => healthOf(gateway).activeConnections === fates.length)
      clock.turn(idleForMs > settings.checkAfterIdleMs ? settings.checkTimeoutMs : 5_000)
      await gateway.until('all are served', () => served() === fates.length)
      const pidsNow = await Promise.all(callers.map(({ client }) => pidOf(client)))
      // What was well is in use again, and nothing else is.
      expect(new Set(pidsNow.filter((pid) => pids.includes(pid)))).toEqual(new Set(those('well')))
      expect(new Set(pidsNow).size).toBe(fates.length)
      await Promise.all(callers.map(({ client }) => client.end()))
    } finally {
      for (const pid of hung) process.kill(pid, 'SIGCONT')
    }
  },
  timeoutMs,
  1,
  25,
)

interface Remains {
  /** As a diagnosis calls it. */
  readonly state: string
  leave(client: Client, row: number): Promise<unknown>
}

const locking = (row: number) => `BEGIN; SELECT * FROM accounts WHERE id = ${row} FOR UPDATE`
const quiet = (sql: string): Remains => ({ state: 'idle', leave: (client) => client.query(sql) })

/** What a client leaves on its connection when it goes. */
const remains = {
  nothing: quiet('SELECT 1'),
  'a temporary table': quiet('CREATE TEMP TABLE mine (n int)'),
  'an advisory lock': quiet('SELECT pg_advisory_lock(pg_backend_pid())'),
  settings: quiet("SET work_mem TO '7MB'; SET search_path TO nowhere"),
  'a prepared statement': quiet('PREPARE mine AS SELECT 1'),
  'a channel': quiet('LISTEN mine'),
  'a cursor': quiet('DECLARE mine CURSOR WITH HOLD FOR SELECT 1'),
  'a transaction': { state: 'idle in transaction', leave: (client, row) => client.query(locking(row)) },
  'a failed transaction': {
    state: 'idle in transaction',
    leave: (client, row) => client.query(`${locking(row)}; SELECT 1/0`).catch(() => {}),
  },
  'a statement': { state: 'active', leave: (client) => untilAnswering(client) },
  'a statement in a transaction': {
    state: 'active in transaction',
    leave: async (client, row) => {
      await client.query(locking(row))
      await untilAnswering(client)
    },
  },
} satisfies Readonly<Record<string, Remains>>

/** One row, all false and zero on a connection that nobody has used. */
const traces = `SELECT current_setting('work_mem') = '7MB' OR current_setting('search_path') = 'nowhere' AS settings,
  pg_current_xact_id_if_assigned() IS NOT NULL AS transaction,
  (SELECT count(*) FROM pg_prepared_statements)::int AS statements,
  (SELECT count(*) FROM pg_cursors WHERE is_holdable)::int AS cursors,
  (SELECT count(*) FROM pg_listening_channels())::int AS channels,
  (SELECT count(*) FROM pg_class WHERE relnamespace = pg_my_temp_schema())::int AS tables,
  (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid())::int AS locks`
const untouched = { settings: false, transaction: false, statements: 0, cursors: 0, channels: 0, tables: 0, locks: 0 }

realProperty(
  28,
  fc.record({
    holders: fc.array(
      fc.record({
        leaves: fc.constantFrom(...(Object.keys(remains) as (keyof typeof remains)[])),
        /** Its server process answers no more when it goes. */
        hangs: fc.boolean(),
        /** Time until the next one comes. */
        afterMs: whole(0, 10_000),
      }),
      { minLength: 1, maxLength: 4 },
    ),
    patienceMs: whole(300_000, 3_000_000),
  }),
  async ({ holders, patienceMs }) => {
    const clock = new ManualClock()
    await using gateway = await startGateway(postgres, { ...still, clock, poolSize: holders.length, queueDeadlineMs: patienceMs })
    const clients: { client: Client; pid: number; sinceMs: number }[] = []
    for (const [index, { leaves, afterMs }] of holders.entries()) {
      const client = await gateway.connect({ application_name: `holder ${index}` })
      clients.push({ client, pid: await pidOf(client), sinceMs: clock.nowMs() })
      await remains[leaves].leave(client, index)
      clock.turn(afterMs)
    }

    // Exhausted: it is said who holds what, how long and in which state, the longest first.
    const late = call(gateway, postgres)
    await gateway.until('it waits', () => healthOf(gateway).waitingClients === 1)
    clock.turn(patienceMs)
    await gateway.until('it is told', () => late.outcome() !== null)
    const seconds = (sinceMs: number) => `${((clock.nowMs() - sinceMs) / 1_000).toFixed(1)} s`
    const held = clients.map(({ sinceMs }, index) => {
      const { state } = remains[holders[index]?.leaves ?? 'nothing']
      return `connection ${index + 1} to primary: worker 1 run 1 (holder ${index}), ${state} for ${seconds(sinceMs)}, connected for ${seconds(sinceMs)}`
    })
    const own = `${holders.length} of at most ${holders.length} of them to primary, its pool size`
    expect(late.outcome()).toMatchObject({ code: '53300', detail: expect.stringContaining([own, ...held].join('\n')) })
    expect(gateway.events.filter(({ tag }) => tag === 'PoolExhausted')).toMatchObject([
      { database: 'primary', diagnosis: expect.arrayContaining(held) },
    ])

    // All vanish; whoever comes next finds no trace of them, and none of what hangs.
    const hung = clients.filter((_, index) => holders[index]?.hangs === true).map(({ pid }) => pid)
    for (const pid of hung) process.kill(pid, 'SIGSTOP')
    try {
      for (const { client } of clients) streamOf(client).destroy()
      const callers = holders.map(() => call(gateway, postgres))
      const served = () => callers.filter((caller) => caller.outcome() === 'served').length
      await gateway.until('those whose connection does not hang are served', () => served() === holders.length - hung.length)
      await gateway.until('the others wait, and nobody else is there', () => {
        const { clients } = gateway.manager.snapshot()
        return healthOf(gateway).waitingClients === hung.length && clients[0]?.connections === holders.length
      })
      // It is given as long as any other to be cleaned (`checkTimeoutMs`), no longer.
      clock.turn(1_000)
      await gateway.until('what hangs is given up', () => {
        clock.turn(1)
        return hung.every((pid) => gateway.events.some((fact) => fact.tag === 'ServerSessionClosed' && fact.pid === pid))
      })
      await gateway.until('all are served', () => served() === holders.length)
      for (const { client } of callers) {
        expect(hung).not.toContain(await pidOf(client))
        expect((await client.query(traces)).rows).toEqual([untouched])
      }
      await Promise.all(callers.map(({ client }) => client.end()))
    } finally {
      for (const pid of hung) process.kill(pid, 'SIGCONT')
    }
    await gateway.until('no row is locked', async () => {
      const free = await postgres.queryAsSuper('SELECT id FROM accounts FOR UPDATE SKIP LOCKED')
      return free.length === 10
    })
  },
  timeoutMs,
  1,
  25,
)
