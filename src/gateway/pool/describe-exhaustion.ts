import { limitUntilLearnt, type Life, type Pool } from './pool-state.ts'

/** Longer lists help nobody, and go through a client's error message. */
const maxLines = 20

const doing: Readonly<Record<Life['tag'], string>> = {
  Leased: 'leased',
  Opening: 'being opened',
  Checking: 'being checked',
  Cleaning: 'being cleaned',
  Idle: 'idle',
}

export interface Exhaustion {
  readonly pool: Pool
  /** The database that nobody gets a connection to, and the most that it may have; null: as many as the server allows. */
  readonly database: string
  readonly cap: number | null
  /** Why the server is away; null: it is there. */
  readonly error: string | null
  /** The holder of a lease, in words. */
  readonly describe: (lease: number) => string
}

/** Who holds what, how long, in which state; the longest first. */
export function describeExhaustion({ pool, database, cap, error, describe }: Exhaustion): readonly string[] {
  const { members, waiting, full } = pool
  const count = (tag: string) => members.filter(({ life }) => life.tag === tag).length
  const states = Object.entries(doing).map(([tag, words]) => `${count(tag)} ${words}`)
  const head = `${members.length} of at most ${pool.limit ?? limitUntilLearnt} connections: ${states.join(', ')}; ${waiting.length} waiting`
  const own = members.filter((member) => member.database === database).length
  const capped = cap === null ? [] : [`${own} of at most ${cap} of them to ${database}, its pool size`]
  // Leases are numbered in the order in which they were asked for.
  const leased = members
    .flatMap((member) => (member.life.tag === 'Leased' ? [{ ...member, lease: member.life.lease }] : []))
    .sort((a, b) => a.lease - b.lease)
    .map((member) => `connection ${member.id} to ${member.database}: ${describe(member.lease)}`)
  const more = leased.length > maxLines ? [`and ${leased.length - maxLines} more`] : []
  return [
    head,
    ...capped,
    ...(full === null ? [] : ['the server says that it has no connection slot left']),
    ...(error === null ? [] : [`the server is away: ${error}`]),
    ...leased.slice(0, maxLines),
    ...more,
  ]
}
