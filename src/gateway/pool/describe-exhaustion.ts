import { limitUntilLearnt, type Pool } from './pool-state.ts'

/** Longer lists help nobody, and go through a client's error message. */
const maxLines = 20

/** Who holds what, how long, in which state; the longest first. `describe` knows the holder of a lease. */
export function describeExhaustion(pool: Pool, describe: (lease: number) => string, error: string | null): readonly string[] {
  const leased = pool.members.flatMap(({ id, database, life }) =>
    life.tag === 'Leased' ? [`connection ${id} to ${database}: ${describe(life.lease)}`] : [],
  )
  const count = (tag: string) => pool.members.filter(({ life }) => life.tag === tag).length
  const limit = pool.limit ?? limitUntilLearnt
  const head = `${pool.members.length} of at most ${limit} connections: ${leased.length} leased, ${count('Opening')} being opened, ${count('Cleaning')} being cleaned, ${count('Idle')} idle; ${pool.waiting.length} waiting`
  const more = leased.length > maxLines ? [`and ${leased.length - maxLines} more`] : []
  const full = pool.fullUntilMs > 0 ? ['the server says that it has no connection slot left'] : []
  return [head, ...full, ...(error === null ? [] : [`the server is away: ${error}`]), ...leased.slice(0, maxLines), ...more]
}
