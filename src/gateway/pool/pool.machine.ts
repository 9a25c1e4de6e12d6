import type { Machine } from '../../resilience/drive.ts'
import type { Moment, Step } from '../../resilience/moment.ts'
import { admit, isIdle } from './admit.ts'
import {
  emptyPool,
  type Life,
  type Member,
  type OpenFailure,
  type Pool,
  type PoolEffect,
  type PoolEvent,
  type PoolPolicy,
  type RefusalWhy,
  type Waiter,
} from './pool-state.ts'

type PoolStep = Step<Pool, PoolEffect>

/** How long no connection is opened after the server said that it has no slot left, in milliseconds. */
const fullPauseMs = 250

/** The machine of one server's pool. */
export function createPoolMachine(policy: PoolPolicy): Machine<Pool, PoolEvent, PoolEffect> {
  return {
    initial: emptyPool,
    step: (pool, event, moment) => stepPool(pool, event, moment, policy),
    dueAt: (pool) => poolDueAt(pool, policy),
    due: { tag: 'Due' },
  }
}

/** The instant at which the shell must send `Due`; null while nothing can expire. */
function poolDueAt(pool: Pool, policy: PoolPolicy): number | null {
  let dueMs = Infinity
  for (const { untilMs } of pool.waiting) dueMs = Math.min(dueMs, untilMs)
  for (const { life } of pool.members) if (life.tag === 'Idle') dueMs = Math.min(dueMs, life.expiresMs, life.sinceMs + policy.idleTimeoutMs)
  if (pool.fullUntilMs > 0) dueMs = Math.min(dueMs, pool.fullUntilMs)
  return dueMs === Infinity ? null : dueMs
}

/** Advances the pool of one server by one event. Total: an event about a member or lease that isn't there changes nothing. */
export function stepPool(pool: Pool, event: PoolEvent, moment: Moment, policy: PoolPolicy): PoolStep {
  switch (event.tag) {
    case 'Asked':
      return ask(pool, event, moment, policy)
    case 'Withdrawn':
      return withdraw(pool, event.lease, moment, policy)
    case 'OpenFailed':
      return openFailed(pool, event.id, event.why, moment, policy)
    case 'Opened':
    case 'Released':
    case 'Proved':
    case 'Lost':
      return memberMoved(pool, event, moment, policy)
    case 'GateMoved':
      return event.gate === pool.gate ? unchanged(pool) : admit({ ...pool, gate: event.gate }, moment, policy)
    case 'LimitLearnt':
      return event.limit === pool.limit ? unchanged(pool) : admit({ ...pool, limit: Math.max(1, event.limit) }, moment, policy)
    case 'Due':
      return expire(pool, moment, policy)
    case 'Stop':
      return stop(pool)
  }
}

function ask(pool: Pool, event: PoolEvent & { tag: 'Asked' }, moment: Moment, policy: PoolPolicy): PoolStep {
  const { lease, key, database, untilMs } = event
  const waiter = { lease, key, database, sinceMs: moment.nowMs, untilMs }
  if (pool.stopping) return { state: pool, effects: [refuse(waiter, 'stopping')] }
  const admitted = admit({ ...pool, waiting: [...pool.waiting, waiter] }, moment, policy)
  if (pool.waiting.length < policy.queueLimit || !admitted.state.waiting.includes(waiter)) return admitted
  return { state: pool, effects: [refuse(waiter, 'queue-full')] }
}

function withdraw(pool: Pool, lease: number, moment: Moment, policy: PoolPolicy): PoolStep {
  if (!pool.waiting.some((waiter) => waiter.lease === lease)) return unchanged(pool)
  return admit({ ...pool, waiting: pool.waiting.filter((waiter) => waiter.lease !== lease) }, moment, policy)
}

function openFailed(pool: Pool, id: number, why: OpenFailure, moment: Moment, policy: PoolPolicy): PoolStep {
  const member = pool.members.find((other) => other.id === id)
  if (member?.life.tag !== 'Opening') return unchanged(pool)
  const members = pool.members.filter((other) => other !== member)
  if (why === 'full') return admit({ ...pool, members, fullUntilMs: moment.nowMs + fullPauseMs }, moment, policy)
  if (why === 'unreachable') return admit({ ...pool, members }, moment, policy)
  // Whoever waits with the same login would be told the same.
  const refused = pool.waiting.filter(({ key }) => key === member.key)
  const after = admit({ ...pool, members, waiting: pool.waiting.filter(({ key }) => key !== member.key) }, moment, policy)
  return {
    state: after.state,
    effects: [...refused.map((waiter) => refuse(waiter, 'login-refused')), ...after.effects],
  }
}

type MemberEvent = PoolEvent & { tag: 'Opened' | 'Released' | 'Proved' | 'Lost' }

function memberMoved(pool: Pool, event: MemberEvent, moment: Moment, policy: PoolPolicy): PoolStep {
  const member = pool.members.find(({ id }) => id === event.id)
  if (member === undefined) return unchanged(pool)
  if (event.tag === 'Lost') return admit({ ...pool, members: pool.members.filter((other) => other !== member) }, moment, policy)
  const { life } = member
  if (event.tag === 'Opened' && life.tag === 'Opening') {
    const expiresMs = moment.nowMs + policy.lifetimeMs * (1 - policy.lifetimeJitter * moment.random)
    return settle(pool, member, expiresMs, moment, policy)
  }
  if (event.tag === 'Released' && life.tag === 'Leased')
    return unchanged(withLife(pool, member, { tag: 'Cleaning', expiresMs: life.expiresMs }))
  if (event.tag === 'Proved' && life.tag === 'Cleaning') return settle(pool, member, life.expiresMs, moment, policy)
  if (event.tag === 'Proved' && life.tag === 'Checking') {
    if (!pool.waiting.some(({ lease }) => lease === life.lease)) return settle(pool, member, life.expiresMs, moment, policy)
    const waiting = pool.waiting.filter(({ lease }) => lease !== life.lease)
    const state = withLife({ ...pool, waiting }, member, { tag: 'Leased', lease: life.lease, expiresMs: life.expiresMs })
    return { state, effects: [{ tag: 'Grant', lease: life.lease, id: member.id }] }
  }
  return unchanged(pool)
}

/** A connection in order becomes idle, or goes to the next client at once; one past its age, or unwanted, is closed. */
function settle(pool: Pool, member: Member, expiresMs: number, moment: Moment, policy: PoolPolicy): PoolStep {
  const why = pool.stopping
    ? 'stopping'
    : moment.nowMs >= expiresMs
      ? 'lifetime'
      : pool.limit !== null && pool.members.length > pool.limit
        ? 'evicted'
        : null
  if (why === null) return admit(withLife(pool, member, { tag: 'Idle', sinceMs: moment.nowMs, expiresMs }), moment, policy)
  const { state, effects } = admit({ ...pool, members: pool.members.filter((other) => other !== member) }, moment, policy)
  return { state, effects: [{ tag: 'Close', id: member.id, why }, ...effects] }
}

function expire(pool: Pool, moment: Moment, policy: PoolPolicy): PoolStep {
  const late = pool.waiting.filter(({ untilMs }) => untilMs <= moment.nowMs)
  const closing = pool.members.filter(isIdle).flatMap(({ id, life }): (PoolEffect & { tag: 'Close' })[] => {
    if (life.expiresMs <= moment.nowMs) return [{ tag: 'Close', id, why: 'lifetime' }]
    return life.sinceMs + policy.idleTimeoutMs <= moment.nowMs ? [{ tag: 'Close', id, why: 'idle' }] : []
  })
  const noLongerFull = pool.fullUntilMs > 0 && pool.fullUntilMs <= moment.nowMs
  if (late.length === 0 && closing.length === 0 && !noLongerFull) return unchanged(pool)
  const gone = new Set(closing.map(({ id }) => id))
  const rest = {
    ...pool,
    fullUntilMs: noLongerFull ? 0 : pool.fullUntilMs,
    waiting: pool.waiting.filter((waiter) => !late.includes(waiter)),
    members: pool.members.filter(({ id }) => !gone.has(id)),
  }
  const after = admit(rest, moment, policy)
  return {
    state: after.state,
    effects: [...late.map((waiter) => refuse(waiter, 'deadline')), ...closing, ...after.effects],
  }
}

function stop(pool: Pool): PoolStep {
  if (pool.stopping) return unchanged(pool)
  const idle = pool.members.filter(isIdle)
  return {
    state: { ...pool, stopping: true, waiting: [], members: pool.members.filter((member) => !isIdle(member)) },
    effects: [
      ...pool.waiting.map((waiter) => refuse(waiter, 'stopping')),
      ...idle.map(({ id }) => ({ tag: 'Close' as const, id, why: 'stopping' as const })),
    ],
  }
}

function refuse({ lease, key, database }: Waiter, why: RefusalWhy): PoolEffect {
  return { tag: 'Refuse', lease, key, database, why }
}

function withLife(pool: Pool, member: Member, life: Life): Pool {
  return { ...pool, members: pool.members.map((other) => (other === member ? { ...member, life } : other)) }
}

function unchanged(pool: Pool): PoolStep {
  return { state: pool, effects: [] }
}
