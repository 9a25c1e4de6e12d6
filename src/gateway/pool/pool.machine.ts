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
import { afterPause, nextSetback, type Setback } from './setback.ts'

type PoolStep = Step<Pool, PoolEffect>

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
  for (const setback of setbacksOf(pool)) dueMs = Math.min(dueMs, setback.untilMs ?? Infinity)
  return dueMs === Infinity ? null : dueMs
}

/** Advances the pool of one server by one event. Total: an event about a member or lease that isn't there changes nothing. */
export function stepPool(pool: Pool, event: PoolEvent, moment: Moment, policy: PoolPolicy): PoolStep {
  const { state, effects } = advance(pool, event, moment, policy)
  return { state: forgetSetbacks(state), effects }
}

function advance(pool: Pool, event: PoolEvent, moment: Moment, policy: PoolPolicy): PoolStep {
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
  const { waiting, members } = admitted.state
  // Whoever a connection is being opened or checked for does not queue.
  const coming = members.filter(({ life }) => life.tag === 'Opening' || life.tag === 'Checking').length
  if (!waiting.includes(waiter) || waiting.length - coming <= policy.queueLimit) return admitted
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
  if (why === 'full') return admit({ ...pool, members, full: nextSetback(pool.full, moment, policy.backoff) }, moment, policy)
  if (why === 'unreachable') return admit({ ...pool, members }, moment, policy)
  // Whoever waits with the same login would be told the same.
  const { key } = member
  const told = pool.waiting.filter((waiter) => waiter.key === key)
  const before = pool.refused.find((login) => login.key === key) ?? null
  const refused = [...pool.refused.filter((login) => login !== before), { key, ...nextSetback(before, moment, policy.backoff) }]
  const waiting = pool.waiting.filter((waiter) => waiter.key !== key)
  const after = admit({ ...pool, members, waiting, refused }, moment, policy)
  return {
    state: after.state,
    effects: [...told.map((waiter) => refuse(waiter, 'login-refused')), ...after.effects],
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
    const welcome = { ...pool, full: null, refused: pool.refused.filter(({ key }) => key !== member.key) }
    return settle(welcome, member, expiresMs, moment, policy)
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
  const paused = setbacksOf(pool)
  const full = pool.full === null ? null : afterPause(pool.full, moment)
  const refused = pool.refused.map((login) => afterPause(login, moment))
  const isSame = setbacksOf({ full, refused }).every((setback, index) => setback === paused[index])
  if (late.length === 0 && closing.length === 0 && isSame) return unchanged(pool)
  const gone = new Set(closing.map(({ id }) => id))
  const rest = {
    ...pool,
    full,
    refused,
    waiting: pool.waiting.filter((waiter) => !late.includes(waiter)),
    members: pool.members.filter(({ id }) => !gone.has(id)),
  }
  const after = admit(rest, moment, policy)
  const whyOf = ({ key }: Waiter) => (pool.refused.some((login) => login.key === key) ? 'login-refused' : 'deadline')
  return {
    state: after.state,
    effects: [...late.map((waiter) => refuse(waiter, whyOf(waiter))), ...closing, ...after.effects],
  }
}

/** A setback counts as long as somebody waits for its end. */
function forgetSetbacks(pool: Pool): Pool {
  if (setbacksOf(pool).every(({ untilMs }) => untilMs !== null)) return pool
  const isWanted = (key: string | null) =>
    [...pool.waiting, ...pool.members.filter(({ life }) => life.tag === 'Opening')].some((other) => key === null || other.key === key)
  return {
    ...pool,
    full: pool.full?.untilMs === null && !isWanted(null) ? null : pool.full,
    refused: pool.refused.filter(({ key, untilMs }) => untilMs !== null || isWanted(key)),
  }
}

function setbacksOf({ full, refused }: Pick<Pool, 'full' | 'refused'>): readonly Setback[] {
  return full === null ? refused : [full, ...refused]
}

function stop(pool: Pool): PoolStep {
  if (pool.stopping) return unchanged(pool)
  const idle = pool.members.filter(isIdle)
  return {
    state: { ...pool, full: null, refused: [], stopping: true, waiting: [], members: pool.members.filter((member) => !isIdle(member)) },
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
