import fc from 'fast-check'
import { DatabaseError, type Client } from 'pg'
import { afterAll, beforeAll, expect } from 'vitest'
import { startGateway } from '../support/gateway.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'
import { realProperty } from './cases.ts'
import { call, healthOf, mostSessions, streamOf, untilAnswering, type Caller } from './gateway-clients.ts'
import { recordAttempts } from './recorded-attempts.ts'

let postgres: TestPostgres
beforeAll(async () => {
  postgres = await startPostgres({ maxConnections: 60 })
})
afterAll(() => postgres[Symbol.asyncDispose]())

const timeoutMs = 120_000
const whole = (min: number, max: number) => fc.integer({ min, max })

function expectTold(caller: Caller, words: string, isAway: boolean): void {
  const told = caller.outcome()
  if (!(told instanceof DatabaseError)) throw new Error("it wasn't told an error of PostgreSQL", { cause: told })
  expect(['53300', ...(isAway ? ['57P03'] : [])]).toContain(told.code)
  expect(told.message).toContain(words)
}

/** The gateway's clock is turned by hand: whatever the machine does meanwhile, each deadline is kept to the millisecond. */
realProperty(
  5,
  fc.record({
    poolSize: whole(1, 3),
    queueLimit: whole(1, 4),
    queueDeadlineMs: whole(1, 60_000),
    connectTimeoutMs: whole(1_000, 60_000),
    /** Time between the arrivals, in parts of the deadline. */
    gaps: fc.array(fc.double({ min: 0, max: 0.7, noNaN: true }), { minLength: 1, maxLength: 6 }),
    /** What takes the connections away: clients that keep them, or a server that doesn't answer. */
    cause: fc.constantFrom('idle', 'in transaction', 'server silent'),
  }),
  async ({ poolSize, queueLimit, queueDeadlineMs, connectTimeoutMs, gaps, cause }) => {
    const clock = new ManualClock()
    const { attempts, ports } = recordAttempts(clock)
    const settings = { clock, ports, poolSize, queueLimit, queueDeadlineMs, connectTimeoutMs, healthCheckIntervalMs: 1e9 }
    await using gateway = await startGateway(postgres, settings)
    const waiting = () => healthOf(gateway).waitingClients
    const isSilent = cause === 'server silent'
    const holders = await Promise.all(Array.from({ length: isSilent ? poolSize - 1 : poolSize }, () => gateway.connect()))
    if (cause === 'in transaction') for (const holder of holders) await holder.query('BEGIN')
    const pidsOf = () => Promise.all(holders.map(async (holder) => (await holder.query('SELECT pg_backend_pid()')).rows))
    const pids = await pidsOf()
    const postmaster = postgres.pid ?? 0
    if (isSilent) process.kill(postmaster, 'SIGSTOP')
    try {
      const queue: { caller: Caller; askedMs: number }[] = []
      const expectOnlyTheLateRefused = async () => {
        const late = queue.filter(({ askedMs }) => clock.nowMs() >= askedMs + queueDeadlineMs)
        expect(waiting()).toBe(queue.length - late.length)
        await gateway.until('those past their deadline are told', () => late.every(({ caller }) => caller.outcome() !== null))
        for (const { caller } of queue) if (!late.some((other) => other.caller === caller)) expect(caller.outcome()).toBe(null)
        await gateway.until('no attempt outlives its deadline', () =>
          attempts.every(({ beganMs, endedMs }) => endedMs !== null || clock.nowMs() < beganMs + connectTimeoutMs),
        )
        for (const { beganMs, endedMs, outcome } of attempts)
          if (outcome === 'Timeout') expect(endedMs).toBeGreaterThanOrEqual(beganMs + connectTimeoutMs)
      }
      for (const gap of gaps) {
        const before = waiting()
        const caller = call(gateway, postgres)
        await gateway.until('it waits, or is turned away', () => waiting() > before || caller.outcome() !== null)
        // For one a connection may be on its way, in vain while the server is silent: it doesn't queue.
        if (before < queueLimit) expect(caller.outcome()).toBe(null)
        if (before > (isSilent ? queueLimit : queueLimit - 1)) expectTold(caller, 'and the queue is full', isSilent)
        if (caller.outcome() === null) queue.push({ caller, askedMs: clock.nowMs() })
        clock.turn(Math.floor(gap * queueDeadlineMs))
        await expectOnlyTheLateRefused()
      }
      for (const { askedMs } of queue) {
        clock.turn(Math.max(0, askedMs + queueDeadlineMs - 1 - clock.nowMs()))
        await expectOnlyTheLateRefused()
        clock.turn(Math.max(0, askedMs + queueDeadlineMs - clock.nowMs()))
        await expectOnlyTheLateRefused()
      }
      expect(waiting()).toBe(0)
      for (const { caller } of queue) expectTold(caller, `after ${(queueDeadlineMs / 1_000).toFixed(1)} s in the queue`, isSilent)
      // Whoever had a connection has it still.
      expect(await pidsOf()).toEqual(pids)
    } finally {
      if (isSilent) process.kill(postmaster, 'SIGCONT')
    }
    await holders[0]?.end()
    let newcomer = call(gateway, postgres)
    await gateway.until('the next client is served', () => {
      if (newcomer.outcome() instanceof Error) newcomer = call(gateway, postgres)
      if (attempts.every(({ endedMs }) => endedMs !== null)) clock.turn(10)
      return newcomer.outcome() === 'served'
    })
    expect((await newcomer.client.query('SELECT 1 AS n')).rows).toEqual([{ n: 1 }])
    await newcomer.client.end()
  },
  timeoutMs,
  1,
  25,
)

const leaving = fc.constantFrom('ends', 'vanishes', 'vanishes in a transaction', 'vanishes in a statement')

/** The gateway's clock stands still: nothing but the queue itself can bring a client on. */
realProperty(
  7,
  fc.record({
    poolSize: whole(1, 3),
    /** In the order in which they come; some give up before they are served. */
    queue: fc.array(fc.record({ givesUp: fc.boolean(), leaving }), { minLength: 1, maxLength: 8 }),
    inOrder: fc.boolean(),
  }),
  async ({ poolSize, queue, inOrder }) => {
    const clock = new ManualClock()
    await using gateway = await startGateway(postgres, { clock, poolSize, healthCheckIntervalMs: 1e9 })
    const waiting = () => healthOf(gateway).waitingClients
    const holders = await Promise.all(Array.from({ length: poolSize }, () => gateway.connect()))
    const callers: Caller[] = []
    for (const [index] of queue.entries()) {
      callers.push(call(gateway, postgres, { application_name: `caller ${index}` }))
      if (inOrder) await gateway.until('it waits', () => waiting() === callers.length)
    }
    await gateway.until('all wait', () => waiting() === queue.length)
    for (const [index, { givesUp }] of queue.entries()) if (givesUp) callers[index]?.vanish()
    const staying = [...queue.keys()].filter((index) => queue[index]?.givesUp === false)
    await gateway.until('those who gave up are forgotten', () => waiting() === staying.length)
    for (const caller of callers) expect(caller.outcome()).not.toBe('served')

    const order: number[] = []
    const visits = staying.map(async (index) => {
      const client = await callers[index]?.served
      if (client === undefined) return
      order.push(index)
      await visit(client, index, queue[index]?.leaving ?? 'ends')
    })
    // One at a time, or as many as there are connections.
    for (const holder of inOrder ? holders.slice(0, 1) : holders) await holder.end()
    await Promise.all(visits)
    expect([...order].sort((a, b) => a - b)).toEqual(staying)
    if (inOrder) expect(order).toEqual(staying)
    expect(mostSessions(gateway)).toBe(poolSize)
    await gateway.until('all connections came back', () => healthOf(gateway).activeConnections === (inOrder ? poolSize - 1 : 0))
    expect(waiting()).toBe(0)
    expect(gateway.events.filter(({ tag }) => tag === 'PoolExhausted')).toEqual([])
  },
  timeoutMs,
  1,
  25,
)

/** Works on the connection as on one of its own, and leaves. */
async function visit(client: Client, index: number, how: string): Promise<void> {
  const own = { text: "SELECT current_setting('bz.visitor', true) AS visitor" }
  // What is left over reads as an empty string: PostgreSQL forgets the value of a placeholder, not its name.
  expect((await client.query<{ visitor: string | null }>(own)).rows[0]?.visitor ?? '').toBe('')
  await client.query(`SET bz.visitor TO 'caller ${index}'`)
  expect((await client.query(own)).rows).toEqual([{ visitor: `caller ${index}` }])
  if (how === 'ends') return client.end()
  if (how === 'vanishes in a transaction') await client.query('BEGIN; CREATE TEMP TABLE left_over (n int)')
  if (how === 'vanishes in a statement') await untilAnswering(client)
  streamOf(client).destroy()
}
