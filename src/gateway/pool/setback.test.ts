import { describe, expect, test } from 'vitest'
import { emptyPool, type Pool, type PoolEffect, type PoolEvent, type PoolPolicy } from './pool-state.ts'
import { createPoolMachine, stepPool } from './pool.machine.ts'

const policy: PoolPolicy = {
  queueLimit: 5,
  connectsAtOnce: 2,
  backoff: { baseMs: 100, capMs: 400 },
  idleTimeoutMs: 20_000,
  lifetimeMs: 60_000,
  lifetimeJitter: 0,
  checkAfterIdleMs: 5_000,
  capOf: () => null,
}

const ask = (lease: number) => ({ tag: 'Asked' as const, lease, key: 'a', database: 'primary', untilMs: 90_000 })

describe('a pool whose server is there but gives it no connection', () => {
  test.each(['full', 'refused'] as const)('tries again after a wait that doubles, one at a time, as long as somebody waits (%s)', (why) => {
    const moment = (nowMs: number) => ({ nowMs, random: 1 })
    const opened = (step: { readonly effects: readonly PoolEffect[] }) => step.effects.flatMap((e) => (e.tag === 'Open' ? [e.id] : []))
    let pool: Pool = { ...emptyPool, limit: 3 }
    let nowMs = 0
    let lease = 0
    const send = (event: PoolEvent) => {
      const step = stepPool(pool, event, moment(nowMs), policy)
      pool = step.state
      return step
    }
    // Two come at once; both attempts fail, and the second adds nothing.
    for (let count = 0; count < 2; count += 1) send(ask((lease += 1)))
    send({ tag: 'OpenFailed', id: 1, why })
    send({ tag: 'OpenFailed', id: 2, why })
    for (const waitMs of [100, 200, 400, 400]) {
      for (let count = 0; count < 2; count += 1) expect(opened(send(ask((lease += 1))))).toEqual([])
      const dueMs = createPoolMachine(policy).dueAt(pool)
      expect(dueMs).toBe(nowMs + waitMs)
      nowMs += waitMs
      const [id = -1, ...others] = opened(send({ tag: 'Due' }))
      expect(others).toEqual([])
      send({ tag: 'OpenFailed', id, why })
    }
    // With success, or with nobody who waits, it is forgotten.
    for (const { lease } of pool.waiting) send({ tag: 'Withdrawn', lease })
    nowMs += 400
    send({ tag: 'Due' })
    expect({ full: pool.full, refused: pool.refused }).toEqual({ full: null, refused: [] })
  })

  test("tells whoever waited in vain for a refused login the server's refusal at the deadline, not that the pool is exhausted", () => {
    const first = stepPool({ ...emptyPool, limit: 3 }, ask(1), { nowMs: 0, random: 1 }, policy).state
    const refused = stepPool(first, { tag: 'OpenFailed', id: 1, why: 'refused' }, { nowMs: 0, random: 1 }, policy).state
    const waiting = stepPool(refused, { ...ask(2), untilMs: 50 }, { nowMs: 0, random: 1 }, policy).state
    expect(stepPool(waiting, { tag: 'Due' }, { nowMs: 50, random: 1 }, policy).effects).toMatchObject([{ lease: 2, why: 'login-refused' }])
  })
})
