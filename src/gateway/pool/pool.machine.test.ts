import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { expectHonestAlarm, expectPure, storyOf, walk } from '../../../test/support/machine-laws.ts'
import { emptyPool, type Member, type Pool, type PoolEvent, type PoolPolicy } from './pool-state.ts'
import { createPoolMachine, stepPool } from './pool.machine.ts'

const policy: PoolPolicy = {
  queueLimit: 5,
  connectsAtOnce: 2,
  backoff: { baseMs: 100, capMs: 400 },
  idleTimeoutMs: 20_000,
  lifetimeMs: 60_000,
  lifetimeJitter: 0.1,
  checkAfterIdleMs: 5_000,
  capOf: (database) => (database === 'cache' ? 2 : null),
}

const machine = { ...createPoolMachine(policy), initial: { ...emptyPool, limit: 3 } }

const lease = fc.nat(99)
const id = fc.integer({ min: 1, max: 12 })
const login = fc.constantFrom({ key: 'a', database: 'primary' }, { key: 'b', database: 'primary' }, { key: 'c', database: 'cache' })
const happening: fc.Arbitrary<PoolEvent> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(lease, login, fc.nat(60_000))
      .map(([lease, login, untilMs]) => ({ tag: 'Asked' as const, lease, ...login, untilMs })),
  },
  { weight: 1, arbitrary: fc.record({ tag: fc.constant('Withdrawn' as const), lease }) },
  { weight: 6, arbitrary: fc.record({ tag: fc.constantFrom('Opened' as const, 'Released' as const, 'Proved' as const), id }) },
  { weight: 1, arbitrary: fc.record({ tag: fc.constant('Lost' as const), id }) },
  {
    weight: 1,
    arbitrary: fc.record({
      tag: fc.constant('OpenFailed' as const),
      id,
      why: fc.constantFrom('unreachable' as const, 'refused' as const, 'full' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ tag: fc.constant('GateMoved' as const), gate: fc.constantFrom('open' as const, 'shut' as const) }) },
  { weight: 1, arbitrary: fc.record({ tag: fc.constant('LimitLearnt' as const), limit: fc.integer({ min: 1, max: 6 }) }) },
  { weight: 2, arbitrary: fc.constant({ tag: 'Due' as const }) },
)
/** No question is asked twice: the shell numbers them. */
const story = storyOf(happening, 160, 3_000).map((happenings) => {
  const asked = new Set<number>()
  return happenings.filter(({ event }) => event.tag !== 'Asked' || (!asked.has(event.lease) && asked.add(event.lease)))
})

/** Opens `count` connections for one login and leaves them idle at 0 ms. */
function idlePool(count: number, limit = 3): Pool {
  let pool: Pool = { ...emptyPool, limit }
  const moment = { nowMs: 0, random: 0 }
  for (let index = 1; index <= count; index += 1) {
    pool = stepPool(pool, { tag: 'Asked', lease: index, key: 'a', database: 'primary', untilMs: 1_000 }, moment, policy).state
    pool = stepPool(pool, { tag: 'Opened', id: index }, moment, policy).state
  }
  for (let index = 1; index <= count; index += 1) {
    pool = stepPool(pool, { tag: 'Released', id: index }, moment, policy).state
    pool = stepPool(pool, { tag: 'Proved', id: index }, moment, policy).state
  }
  return pool
}

const ask = (lease: number, key = 'a', database = 'primary') => ({ tag: 'Asked' as const, lease, key, database, untilMs: 90_000 })

describe('a pool', () => {
  test('is total and pure', () => expectPure(machine, story))
  test('names an instant whenever waiting alone must change it', () => expectHonestAlarm(machine, story))

  test('holds exactly the connections that it had opened and that have not ended', () => {
    fc.assert(
      fc.property(story, (happenings) => {
        const alive = new Set<number>()
        for (const { before, event, after } of walk(machine, happenings)) {
          if (event.tag === 'Lost') alive.delete(event.id)
          if (event.tag === 'OpenFailed' && before.members.some(({ id, life }) => id === event.id && life.tag === 'Opening'))
            alive.delete(event.id)
          for (const effect of after.effects) {
            if (effect.tag === 'Open') alive.add(effect.id)
            if (effect.tag === 'Close') alive.delete(effect.id)
          }
          expect(new Set(after.state.members.map((member) => member.id))).toEqual(alive)
        }
      }),
    )
  })

  test('opens nothing while its gate is shut, beyond a limit, or more at once than allowed', () => {
    fc.assert(
      fc.property(story, (happenings) => {
        for (const { before, after } of walk(machine, happenings)) {
          const { members, limit, gate } = after.state
          if (!after.effects.some(({ tag }) => tag === 'Open')) continue
          expect(gate).toBe('open')
          expect(members.length).toBeLessThanOrEqual(Math.max(limit ?? 0, before.members.length))
          expect(members.filter(({ life }) => life.tag === 'Opening').length).toBeLessThanOrEqual(policy.connectsAtOnce)
          expect(members.filter(({ database }) => database === 'cache').length).toBeLessThanOrEqual(2)
        }
      }),
    )
  })

  test('answers each question at most once, and leases a connection to one client at a time, of its own login', () => {
    fc.assert(
      fc.property(story, (happenings) => {
        for (const { before, event, after } of walk(machine, happenings)) {
          const asked = new Map([...before.waiting, ...(event.tag === 'Asked' ? [event] : [])].map((waiter) => [waiter.lease, waiter.key]))
          const answered = after.effects.filter((effect) => effect.tag === 'Grant' || effect.tag === 'Refuse')
          for (const effect of answered) {
            expect(asked.has(effect.lease)).toBe(true)
            if (effect.tag === 'Refuse') continue
            const member = after.state.members.find(({ id }) => id === effect.id)
            expect(member?.life).toMatchObject({ tag: 'Leased', lease: effect.lease })
            expect(before.members.find(({ id }) => id === effect.id)?.life.tag).not.toBe('Leased')
          }
        }
      }),
    )
  })

  test('serves those with the same login in the order in which they came', () => {
    fc.assert(
      fc.property(story, (happenings) => {
        for (const { before, after } of walk(machine, happenings)) {
          const checked = new Set(before.members.flatMap(({ life }) => (life.tag === 'Checking' ? [life.lease] : [])))
          for (const effect of after.effects) {
            if (effect.tag !== 'Grant' || checked.has(effect.lease)) continue
            const key = before.waiting.find(({ lease }) => lease === effect.lease)?.key
            const ahead = after.state.waiting.filter((waiter) => waiter.key === key && waiter.lease !== effect.lease)
            const position = before.waiting.findIndex(({ lease }) => lease === effect.lease)
            if (position === -1) continue
            for (const waiter of ahead) {
              const checking = after.state.members.some(({ life }) => life.tag === 'Checking' && life.lease === waiter.lease)
              if (!checking) expect(before.waiting.indexOf(waiter)).toBeGreaterThanOrEqual(position)
            }
          }
        }
      }),
    )
  })

  test('turns away whoever would stand behind a full queue, and nobody for whom a connection is on its way', () => {
    const queued = ({ waiting, members }: Pool) =>
      waiting.length - members.filter(({ life }) => life.tag === 'Opening' || life.tag === 'Checking').length
    fc.assert(
      fc.property(story, (happenings) => {
        for (const { before, event, after } of walk(machine, happenings)) {
          if (event.tag !== 'Asked') continue
          const isRefused = after.effects.some((effect) => effect.tag === 'Refuse' && effect.why === 'queue-full')
          if (isRefused) expect(queued(before)).toBeGreaterThanOrEqual(policy.queueLimit)
          else if (after.state.waiting.some(({ lease }) => lease === event.lease))
            expect(queued(after.state)).toBeLessThanOrEqual(policy.queueLimit)
        }
      }),
    )
  })

  test('refuses a client at its deadline, not before', () => {
    const shut = stepPool({ ...emptyPool, gate: 'shut' }, { ...ask(1), untilMs: 500 }, { nowMs: 0, random: 0 }, policy).state
    expect(stepPool(shut, { tag: 'Due' }, { nowMs: 499, random: 0 }, policy).effects).toEqual([])
    expect(stepPool(shut, { tag: 'Due' }, { nowMs: 500, random: 0 }, policy).effects).toEqual([
      { tag: 'Refuse', lease: 1, key: 'a', database: 'primary', why: 'deadline' },
    ])
  })

  test('gives the connection that was used last, so that the others may grow old', () => {
    let pool = idlePool(2)
    pool = {
      ...pool,
      members: pool.members.map((member, index) => ({
        ...member,
        life: { tag: 'Idle', sinceMs: index === 0 ? 300 : 100, expiresMs: 60_000 },
      })),
    }
    expect(stepPool(pool, ask(9), { nowMs: 400, random: 0 }, policy).effects).toEqual([{ tag: 'Grant', lease: 9, id: 1 }])
  })

  test('asks a connection that was idle for long whether it lives, and replaces it if not', () => {
    const checking = stepPool(idlePool(1), ask(9), { nowMs: 6_000, random: 0 }, policy)
    expect(checking.effects).toEqual([{ tag: 'Check', id: 1 }])
    expect(stepPool(checking.state, { tag: 'Proved', id: 1 }, { nowMs: 6_001, random: 0 }, policy).effects).toEqual([
      { tag: 'Grant', lease: 9, id: 1 },
    ])
    expect(stepPool(checking.state, { tag: 'Lost', id: 1 }, { nowMs: 6_001, random: 0 }, policy).effects).toEqual([
      { tag: 'Open', id: 2, key: 'a', database: 'primary' },
    ])
  })

  test('closes what was idle too long or is too old, and never leases what is too old', () => {
    expect(stepPool(idlePool(1), { tag: 'Due' }, { nowMs: 20_000, random: 0 }, policy).effects).toEqual([
      { tag: 'Close', id: 1, why: 'idle' },
    ])
    const leased = stepPool(idlePool(1), ask(9), { nowMs: 100, random: 0 }, policy).state
    const released = stepPool(leased, { tag: 'Released', id: 1 }, { nowMs: 61_000, random: 0 }, policy).state
    expect(stepPool(released, { tag: 'Proved', id: 1 }, { nowMs: 61_000, random: 0 }, policy).effects).toEqual([
      { tag: 'Close', id: 1, why: 'lifetime' },
    ])
  })

  test('opens another connection rather than lease one whose age has come while it was idle', () => {
    const young = { ...policy, checkAfterIdleMs: 100_000 }
    expect(stepPool(idlePool(1), ask(9), { nowMs: 60_000, random: 0 }, young).effects).toEqual([
      { tag: 'Open', id: 2, key: 'a', database: 'primary' },
    ])
  })

  test('makes room for another login by closing the connection that was idle longest', () => {
    expect(stepPool(idlePool(3), ask(9, 'b'), { nowMs: 1, random: 0 }, policy).effects).toEqual([
      { tag: 'Close', id: 1, why: 'evicted' },
      { tag: 'Open', id: 4, key: 'b', database: 'primary' },
    ])
  })

  test('makes room for another login within a capped database, also when one of another database was idle longer', () => {
    const idle = (id: number, key: string, database: string): Member => ({
      id,
      key,
      database,
      life: { tag: 'Idle', sinceMs: id, expiresMs: 60_000 },
    })
    const members = [idle(1, 'a', 'primary'), idle(2, 'c', 'cache'), idle(3, 'c', 'cache')]
    const pool: Pool = { ...emptyPool, nextId: 4, limit: 9, members }
    expect(stepPool(pool, ask(9, 'd', 'cache'), { nowMs: 4, random: 0 }, policy).effects).toEqual([
      { tag: 'Close', id: 2, why: 'evicted' },
      { tag: 'Open', id: 4, key: 'd', database: 'cache' },
    ])
  })

  test('tells a refused login to all who wait with it, and to nobody else', () => {
    const waiting = [ask(1), ask(2), ask(3, 'b')].reduce<Pool>(
      (pool, event) => stepPool(pool, event, { nowMs: 0, random: 0 }, policy).state,
      {
        ...emptyPool,
        limit: 3,
      },
    )
    const { effects, state } = stepPool(waiting, { tag: 'OpenFailed', id: 1, why: 'refused' }, { nowMs: 1, random: 0 }, policy)
    expect(effects.filter(({ tag }) => tag === 'Refuse')).toEqual([
      { tag: 'Refuse', lease: 1, key: 'a', database: 'primary', why: 'login-refused' },
      { tag: 'Refuse', lease: 2, key: 'a', database: 'primary', why: 'login-refused' },
    ])
    expect(state.waiting.map(({ lease }) => lease)).toEqual([3])
  })
})
