import type { Moment, Step } from '../../resilience/moment.ts'
import { limitUntilLearnt, type Life, type Member, type Pool, type PoolEffect, type PoolPolicy, type Waiter } from './pool-state.ts'
import { isPaused } from './setback.ts'

type IdleMember = Member & { readonly life: { readonly tag: 'Idle' } }

type Supply = { readonly tag: 'Use'; readonly member: IdleMember } | { readonly tag: 'Open'; readonly evict: Member | null } | null

/**
 * Gives each waiting client, the longest waiting first, an idle connection, or has one opened for it.
 * One that can't be served (its database is at its cap) doesn't stand in the way of the others.
 */
export function admit(pool: Pool, moment: Moment, policy: PoolPolicy): Step<Pool, PoolEffect> {
  const members = new Map(pool.members.map((member) => [member.id, member]))
  const still: Waiter[] = []
  const effects: PoolEffect[] = []
  let { nextId } = pool
  const coming = new Map<string, number>()
  const checking = new Set<number>()
  for (const { life, key } of pool.members) {
    if (life.tag === 'Opening') coming.set(key, (coming.get(key) ?? 0) + 1)
    if (life.tag === 'Checking') checking.add(life.lease)
  }

  for (const waiter of pool.waiting) {
    const { lease, key, database } = waiter
    if (checking.has(lease)) {
      still.push(waiter)
      continue
    }
    const comes = coming.get(key) ?? 0
    const supply = supplyFor(waiter, pool, members, moment, policy, comes)
    if (supply?.tag === 'Use') {
      const { member } = supply
      const check = moment.nowMs - member.life.sinceMs > policy.checkAfterIdleMs
      const life: Life = { tag: check ? 'Checking' : 'Leased', lease, expiresMs: member.life.expiresMs }
      members.set(member.id, { ...member, life })
      effects.push(check ? { tag: 'Check', id: member.id } : { tag: 'Grant', lease, id: member.id })
      if (check) still.push(waiter)
      continue
    }
    still.push(waiter)
    if (comes > 0) coming.set(key, comes - 1)
    if (supply === null) continue
    if (supply.evict !== null) {
      members.delete(supply.evict.id)
      effects.push({ tag: 'Close', id: supply.evict.id, why: 'evicted' })
    }
    members.set(nextId, { id: nextId, key, database, life: { tag: 'Opening' } })
    effects.push({ tag: 'Open', id: nextId, key, database })
    nextId += 1
  }
  return { state: { ...pool, nextId, members: [...members.values()], waiting: still }, effects }
}

function supplyFor(
  waiter: Waiter,
  pool: Pool,
  members: ReadonlyMap<number, Member>,
  moment: Moment,
  policy: PoolPolicy,
  comes: number,
): Supply {
  const { key, database } = waiter
  let ofDatabase = 0
  let opening = 0
  let openingOfKey = 0
  let best: IdleMember | null = null
  let oldest: IdleMember | null = null
  let oldestOfDatabase: IdleMember | null = null
  for (const member of members.values()) {
    if (member.database === database) ofDatabase += 1
    if (member.life.tag === 'Opening') {
      opening += 1
      if (member.key === key) openingOfKey += 1
    }
    if (!isIdle(member)) continue
    if (member.key === key) {
      // The most recently used: the rest may grow old and be closed.
      if (member.life.expiresMs > moment.nowMs && (best === null || member.life.sinceMs > best.life.sinceMs)) best = member
      continue
    }
    if (oldest === null || member.life.sinceMs < oldest.life.sinceMs) oldest = member
    if (member.database !== database) continue
    if (oldestOfDatabase === null || member.life.sinceMs < oldestOfDatabase.life.sinceMs) oldestOfDatabase = member
  }
  if (best !== null) return { tag: 'Use', member: best }
  if (comes > 0 || pool.gate === 'shut' || pool.stopping || opening >= policy.connectsAtOnce) return null
  const refused = pool.refused.find((login) => login.key === key)
  // What failed last is tried by one at a time.
  if (pool.full !== null && (opening > 0 || isPaused(pool.full, moment))) return null
  if (refused !== undefined && (openingOfKey > 0 || isPaused(refused, moment))) return null
  const cap = policy.capOf(database)
  const capped = cap !== null && ofDatabase >= cap
  const full = members.size >= (pool.limit ?? Math.max(limitUntilLearnt, cap ?? 0))
  if (!capped && !full) return { tag: 'Open', evict: null }
  // An idle connection of another login makes room.
  const evict = capped ? oldestOfDatabase : oldest
  return evict === null ? null : { tag: 'Open', evict }
}

export function isIdle(member: Member): member is IdleMember {
  return member.life.tag === 'Idle'
}
