import type { Pool, Waiter } from '../../src/gateway/pool/pool-state.ts'
import { logins, type World } from './pool-plans.ts'
import type { Scene } from './pool-world.ts'

/** Waiting clients for whom no connection is on its way. */
export function queuedIn({ waiting, members }: Pool): number {
  return waiting.length - members.filter(({ life }) => life.tag === 'Opening' || life.tag === 'Checking').length
}

/** Who waits although a connection could be had at once; said in words. The rules are those of the settings' documentation. */
export function waitsForNothing({ after: pool, nowMs }: Scene, world: World): string[] {
  const { members, waiting } = pool
  const checking = new Set(members.flatMap(({ life }) => (life.tag === 'Checking' ? [life.lease] : [])))
  const idle = members.filter(({ life }) => life.tag === 'Idle' && life.expiresMs > nowMs)
  return logins.flatMap(({ key, database }) => {
    const queued: Waiter[] = waiting.filter((waiter) => waiter.key === key && !checking.has(waiter.lease))
    if (queued.length === 0) return []
    if (idle.some((member) => member.key === key)) return [`${key} waits beside an idle connection of its own login`]
    const opening = members.filter(({ life }) => life.tag === 'Opening')
    if (opening.filter((member) => member.key === key).length >= queued.length) return []
    if (pool.gate === 'shut' || opening.length >= world.policy.connectsAtOnce || isPaused(pool, key, nowMs)) return []
    const others = members.filter((member) => member.life.tag === 'Idle' && member.key !== key)
    const cap = database === 'cache' ? world.cap : null
    const isCapped = cap !== null && members.filter((member) => member.database === database).length >= cap
    const isFull = members.length >= world.limit
    if (!isCapped && !isFull) return [`${key} waits although there is room`]
    const evictable = isCapped ? others.filter((member) => member.database === database) : others
    return evictable.length > 0 ? [`${key} waits beside an idle connection that could make room`] : []
  })
}

function isPaused({ full, refused, members }: Pool, key: string, nowMs: number): boolean {
  const own = refused.find((login) => login.key === key)
  const opening = members.filter(({ life }) => life.tag === 'Opening')
  if (full !== null && (opening.length > 0 || nowMs <= (full.untilMs ?? -1))) return true
  return own !== undefined && (opening.some((member) => member.key === key) || nowMs <= (own.untilMs ?? -1))
}

/** Connections alive after each step that exceed what the server allows or the database's cap. */
export function excess({ after: { members } }: Scene, { limit, cap }: World): number {
  const ofCache = members.filter(({ database }) => database === 'cache').length
  return Math.max(0, members.length - limit, cap === null ? 0 : ofCache - cap)
}
