import fc from 'fast-check'
import type { Client } from 'pg'
import { afterAll, beforeAll, expect } from 'vitest'
import { emptyPool, type Pool, type PoolEffect, type PoolEvent } from '../../src/gateway/pool/pool-state.ts'
import { stepPool } from '../../src/gateway/pool/pool.machine.ts'
import { startGateway } from '../support/gateway.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'
import { modelProperty, realProperty } from './cases.ts'
import { logins, policies } from './pool-plans.ts'

let postgres: TestPostgres
beforeAll(async () => {
  postgres = await startPostgres({ maxConnections: 40 })
  await postgres.queryAsSuper('CREATE TABLE done (id int); GRANT ALL ON done TO PUBLIC')
}, 60_000)
afterAll(() => postgres[Symbol.asyncDispose]())

const turn = fc.record({
  tag: fc.constantFrom('Asked' as const, 'Opened' as const, 'Released' as const, 'Proved' as const, 'Lost' as const),
  login: fc.nat(logins.length - 1),
  id: fc.integer({ min: 1, max: 8 }),
  afterMs: fc.nat(2_000),
})

/** From whatever was going on, a stop leads to an end at which nothing is open and nobody waits. */
modelProperty(14, fc.record({ policy: policies, turns: fc.array(turn, { maxLength: 60, size: 'max' }) }), ({ policy, turns }) => {
  const rules = { ...policy, capOf: () => null }
  let pool: Pool = { ...emptyPool, limit: 5 }
  let nowMs = 0
  let asked = 0
  const answered = new Set<number>()
  const open = new Set<number>()
  let stopped = false
  const send = (event: PoolEvent) => {
    const { state, effects } = stepPool(Object.freeze(pool), event, { nowMs, random: 0.5 }, rules)
    pool = state
    if (event.tag === 'Lost') open.delete(event.id)
    for (const effect of effects) note(effect)
  }
  const note = (effect: PoolEffect) => {
    if (effect.tag === 'Open') {
      expect(stopped).toBe(false)
      open.add(effect.id)
    }
    if (effect.tag === 'Close') expect(open.delete(effect.id)).toBe(true)
    if (effect.tag === 'Grant' || effect.tag === 'Refuse') {
      expect(answered.has(effect.lease)).toBe(false)
      answered.add(effect.lease)
    }
  }
  for (const { tag, login, id, afterMs } of turns) {
    nowMs += afterMs
    const { key, database } = logins[login] ?? logins[0]
    send(tag === 'Asked' ? { tag, lease: (asked += 1), key, database, untilMs: nowMs + 60_000 } : { tag, id })
  }
  send({ tag: 'Stop' })
  stopped = true
  send({ tag: 'Asked', lease: (asked += 1), ...logins[0], untilMs: nowMs + 60_000 })
  expect(answered.size).toBe(asked)
  // Whatever each connection is at, it comes to its end: what is leased is given back and cleaned.
  for (const { id } of pool.members) for (const tag of ['Opened', 'Released', 'Proved'] as const) send({ tag, id })
  expect(pool.members).toEqual([])
  expect(open).toEqual(new Set())
})

/** What a client is at when the stop comes. */
const work = fc.oneof(
  fc.constant({ tag: 'Idle' as const }),
  fc.record({ tag: fc.constant('Finishes' as const), afterMs: fc.integer({ min: 0, max: 400 }) }),
  fc.constant({ tag: 'Endless' as const }),
  fc.constant({ tag: 'Open' as const }),
)

let serial = 0

realProperty(
  14,
  fc.array(work, { minLength: 1, maxLength: 5 }),
  async (works) => {
    await using gateway = await startGateway(postgres, { poolSize: 5 })
    const begun = await Promise.all(works.map(async (each) => ({ ...each, id: (serial += 1), client: await gateway.connect() })))
    const finished = await Promise.all(begun.map((each) => begin(each)))
    const startedMs = performance.now()
    const { transactions } = await gateway.manager.stop(startedMs + 4_000)

    const ids = (tag: string) => begun.filter((each) => each.tag === tag).map(({ id }) => id)
    // What could end within the time has ended; what could not is cut, counted, and leaves nothing behind.
    expect(await Promise.all(finished.map(({ end }) => end))).toEqual(begun.map(({ tag }) => (tag === 'Finishes' ? 'done' : 'cut')))
    expect(transactions).toBe(ids('Endless').length + ids('Open').length)
    const rows = await postgres.queryAsSuper(`SELECT id FROM done WHERE id = ANY(ARRAY[${begun.map(({ id }) => id).join()}]) ORDER BY id`)
    expect(rows.map(({ id }) => id)).toEqual(ids('Finishes'))
    await gateway.until('no session is left', () => isEmpty())
    // Five times the limit: the machine may be busy.
    expect(performance.now() - startedMs).toBeLessThan(20_000)
  },
  300_000,
)

/** Brings a client to its work; `end` says how that came out. */
async function begin(
  each: { readonly tag: string; readonly id: number; readonly client: Client } & { readonly afterMs?: number },
): Promise<{ readonly end: Promise<'done' | 'cut'> }> {
  const { tag, id, client, afterMs = 600_000 } = each
  const closed = new Promise<'cut'>((resolve) => client.once('end', () => resolve('cut')))
  if (tag === 'Idle') {
    await client.query('SELECT 1')
    return { end: closed }
  }
  await client.query('BEGIN')
  await client.query(`INSERT INTO done VALUES (${id})`)
  if (tag === 'Open') return { end: closed }
  const goOn = async () => {
    await client.query(`SELECT pg_sleep(${afterMs / 1_000})`)
    await client.query('COMMIT')
    return 'done' as const
  }
  return { end: goOn().catch(() => 'cut' as const) }
}

/** The server's own word, from outside the gateway. */
async function isEmpty(): Promise<boolean> {
  const [row] = await postgres.queryAsSuper(`SELECT count(*)::int AS n FROM pg_stat_activity WHERE usename = '${postgres.user}'`)
  return row?.['n'] === 0
}
