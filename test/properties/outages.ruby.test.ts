import fc from 'fast-check'
import { afterAll, beforeAll, expect } from 'vitest'
import type { BreakerState } from '../../src/events/gateway.ts'
import { startDatabaseWorker, type DatabaseWorker } from '../fixtures/database-worker/database-worker.ts'
import { startGateway } from '../support/gateway.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'
import { realProperty } from './cases.ts'
import { call, healthOf, type Caller } from './gateway-clients.ts'
import { recordAttempts, type RecordedAttempt } from './recorded-attempts.ts'
import { beginTrouble, isOutage, troubles } from './server-troubles.ts'

let postgres: TestPostgres
let worker: DatabaseWorker
beforeAll(async () => {
  worker = startDatabaseWorker()
  // Else a crash loses what was answered as committed: that the role may log in again.
  postgres = await startPostgres({ maxConnections: 14, configuration: { synchronous_commit: 'on' } })
})
afterAll(async () => {
  await worker[Symbol.asyncDispose]()
  await postgres[Symbol.asyncDispose]()
})

const timeoutMs = 120_000
const connectTimeoutMs = 1_000
const whole = (min: number, max: number) => fc.integer({ min, max })
const random = fc.double({ min: 0.05, max: 0.999, noNaN: true })
const backoffs = fc.tuple(whole(10, 2_000), whole(1, 20)).map(([baseMs, times]) => ({ baseMs, capMs: baseMs * times }))
/** Only the breaker and the pool move on when the clock does. */
const still = { connectTimeoutMs, healthCheckIntervalMs: 1e9 }

/** The gateway's clock is turned by hand: not a millisecond before its time is an attempt made, and at its time one is. */
realProperty(
  6,
  fc.record({
    trouble: fc.constantFrom(...troubles),
    retries: whole(1, 6),
    failuresToOpen: whole(1, 4),
    random,
    backoff: backoffs,
    sessions: whole(0, 2),
    newcomers: whole(1, 2),
  }),
  async ({ trouble, retries, failuresToOpen, random, backoff, sessions, newcomers }) => {
    const clock = new ManualClock()
    const { attempts, ports } = recordAttempts(clock)
    await using gateway = await startGateway(postgres, {
      ...still,
      clock,
      ports,
      backoff,
      failuresToOpen,
      random: () => random,
      queueDeadlineMs: 1e9,
      connectsAtOnce: 1,
    })
    const waitMs = (fails: number) => Math.ceil(random * Math.min(backoff.capMs, backoff.baseMs * 2 ** (fails - 1)))
    const failed = () => healthOf(gateway).failedConnections
    const isUnderWay = () => attempts.some(({ endedMs }) => endedMs === null)
    const callers: Caller[] = []
    const come = () => callers.push(call(gateway, postgres))

    const clients = await Promise.all(Array.from({ length: sessions }, () => gateway.connect()))
    const { user, database } = postgres
    expect(await worker.say(`open host=${gateway.socketDir()} port=5432 user=${user} dbname=${database}`)).toBe('opened')
    const endTrouble = await beginTrouble(postgres, trouble)
    const answers = clients.map((client, index) => client.query('SELECT $1::int AS n', [index]))
    const workersAnswer = worker.say('ask 41')
    try {
      for (let count = 0; count < newcomers; count += 1) come()
      await gateway.until('there is no attempt for now', () => {
        if (!isOutage(trouble)) return failed() > 0 && !isUnderWay()
        if (healthOf(gateway).circuitBreakerState === 'open') return true
        // One at a server that answers nobody lasts until its own deadline.
        if (trouble === 'silent' && isUnderWay()) clock.turn(connectTimeoutMs)
        return false
      })
      for (let fails = 1; fails <= retries; fails += 1) {
        // Whoever was told of a refusal comes again; all others wait still.
        if (trouble === 'refusing') {
          await gateway.until('they are told', () => callers.every((caller) => caller.outcome() !== null))
          come()
        }
        await gateway.until('somebody waits', () => healthOf(gateway).waitingClients > 0)
        const [made, failures] = [attempts.length, failed()]
        clock.turn(waitMs(fails) - 1)
        await new Promise((resolve) => setImmediate(resolve))
        expect(attempts).toHaveLength(made)
        clock.turn(1)
        await gateway.until('one attempt is made', () => attempts.length === made + 1)
        if (trouble === 'silent') clock.turn(connectTimeoutMs)
        await gateway.until('it has failed', () => failed() > failures)
      }
    } finally {
      await endTrouble()
    }
    if (trouble === 'refusing') come()
    await gateway.until('somebody waits', () => healthOf(gateway).waitingClients > 0)
    clock.turn(waitMs(retries + 1))
    // The first attempt that succeeds is the end of it: no more time is needed.
    await gateway.until('all have an answer', () => callers.every((caller) => caller.outcome() !== null))
    for (const [index, caller] of callers.entries()) {
      if (trouble === 'refusing' && index < callers.length - 1) expect(caller.outcome()).toMatchObject({ code: '28000' })
      else expect(caller.outcome()).toBe('served')
    }
    // No session noticed more than a pause, and no worker died of it.
    for (const [index, answer] of answers.entries()) expect((await answer).rows).toEqual([{ n: index }])
    expect([await workersAnswer, await worker.say('ask 1'), await worker.say('close'), worker.ended()]).toEqual(['42', '2', 'closed', null])
    await Promise.all(callers.map(({ client }) => client.end()))
  },
  timeoutMs,
  1,
  12,
)

type Entry = { readonly state: BreakerState } | { readonly began: RecordedAttempt } | { readonly ended: RecordedAttempt }

realProperty(
  9,
  fc.record({
    trouble: fc.constantFrom(...troubles.filter(isOutage)),
    trips: whole(1, 5),
    failuresToOpen: whole(1, 5),
    random,
    backoff: fc.tuple(whole(10, 300), whole(1, 10)).map(([baseMs, times]) => ({ baseMs, capMs: baseMs * times })),
    queueDeadlineMs: whole(1, 5_000),
    /** Time passes in so many steps from one attempt to the next. */
    steps: whole(1, 5),
    sessions: whole(0, 2),
    newcomers: whole(1, 4),
  }),
  async ({ trouble, trips, failuresToOpen, random, backoff, queueDeadlineMs, steps, sessions, newcomers }) => {
    const clock = new ManualClock()
    const order: Entry[] = []
    let stepMs = 1
    const { attempts, ports } = recordAttempts(clock, {
      began: (began) => void order.push({ began }),
      ended: (ended) => void order.push({ ended }),
    })
    await using gateway = await startGateway(postgres, {
      ...still,
      clock,
      ports,
      backoff,
      failuresToOpen,
      random: () => random,
      queueDeadlineMs,
      heard(fact) {
        if (fact.tag !== 'BreakerChanged') return
        order.push({ state: fact.state })
        // Never so long that an attempt which begins on the way runs into its deadline.
        stepMs = Math.min(connectTimeoutMs - 1, Math.ceil((fact.retryInMs ?? 0) / steps))
      },
    })
    const clients = await Promise.all(Array.from({ length: sessions }, () => gateway.connect()))
    for (const client of clients) expect((await client.query('SELECT 1 AS n')).rows).toEqual([{ n: 1 }])
    const endTrouble = await beginTrouble(postgres, trouble)
    const callers = Array.from({ length: newcomers }, () => call(gateway, postgres))
    /** All insist: whoever is told that the server is away comes again. */
    const insist = () => {
      for (const [index, caller] of callers.entries()) if (caller.outcome() instanceof Error) callers[index] = call(gateway, postgres)
    }
    const isUnderWay = () => attempts.some(({ endedMs }) => endedMs === null)
    const opened = () => order.filter((entry) => 'state' in entry && entry.state === 'open').length
    try {
      await gateway.until('it has opened again and again', () => {
        insist()
        if (!isUnderWay()) clock.turn(Math.max(1, stepMs))
        else if (trouble === 'silent') clock.turn(connectTimeoutMs)
        return opened() > trips
      })
    } finally {
      await endTrouble()
    }
    await gateway.until('it is closed', () => {
      insist()
      if (healthOf(gateway).circuitBreakerState === 'open') clock.turn(Math.max(1, stepMs))
      return healthOf(gateway).circuitBreakerState === 'closed' && !isUnderWay()
    })
    await gateway.until('all are served', () => {
      insist()
      return callers.every((caller) => caller.outcome() === 'served')
    })
    expectBreaker(order, failuresToOpen)
    await Promise.all(callers.map(({ client }) => client.end()))
  },
  timeoutMs,
  1,
  12,
)

/** Most attempts that may be under way when one of them opens the breaker: those of the pool, and that of the control connection. */
const mostAtOnce = 9

/** It opens after so many failures in a row; then nothing is tried but one attempt each time it is half open, and only success closes it. */
function expectBreaker(order: readonly Entry[], failuresToOpen: number): void {
  let state: BreakerState = 'closed'
  let failures = 0
  let probe: RecordedAttempt | null = null
  for (const entry of order) {
    if ('began' in entry) {
      expect(state).not.toBe('open')
      if (state !== 'half_open') continue
      expect(probe).toBe(null)
      probe = entry.began
    } else if ('ended' in entry) {
      failures = entry.ended.isAway ? failures + 1 : 0
    } else {
      if (entry.state === 'half_open') expect(state).toBe('open')
      else if (state === 'half_open')
        expect([entry.state, probe?.endedMs === null]).toEqual([probe?.isAway === true ? 'open' : 'closed', false])
      else {
        expect(entry.state).toBe('open')
        expect(failures).toBeGreaterThanOrEqual(failuresToOpen)
        expect(failures).toBeLessThanOrEqual(failuresToOpen + mostAtOnce)
      }
      state = entry.state
      failures = 0
      probe = null
    }
  }
  expect(state).toBe('closed')
}
