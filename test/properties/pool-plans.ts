import fc from 'fast-check'
import type { GatewaySettings } from '../../src/gateway/options.ts'

/** Two logins of one database, and one of another that may be capped. */
export const logins = [
  { key: 'a', database: 'primary' },
  { key: 'b', database: 'primary' },
  { key: 'c', database: 'cache' },
  { key: 'd', database: 'cache' },
] as const

export interface ClientPlan {
  readonly atMs: number
  /** Index into `logins`. */
  readonly login: number
  readonly patienceMs: number
  /** How long it keeps the connection. */
  readonly holdsMs: number
  /** It goes away unanswered after this long; null: it stays. */
  readonly givesUpMs: number | null
  /** Whether it asks again at once when the server refuses its login, as a worker does that boots. */
  readonly insists: boolean
}

/** `gone`: nobody listens, and sessions end. `silent`: nothing answers, sessions neither. `full`, `refusing`: new logins are refused. */
export type Trouble = 'gone' | 'silent' | 'full' | 'refusing'

interface Spell {
  /** After the end of the spell before. */
  readonly afterMs: number
  readonly lastsMs: number
  readonly trouble: Trouble
}

/** What befalls one connection. `ended`: its socket closes. `hung`: it answers no more, and nothing tells so. */
export interface Harm {
  readonly atMs: number
  readonly pick: number
  readonly how: 'ended' | 'hung'
}

type WorldPolicy = Pick<
  GatewaySettings,
  | 'queueLimit'
  | 'connectsAtOnce'
  | 'idleTimeoutMs'
  | 'lifetimeMs'
  | 'lifetimeJitter'
  | 'checkAfterIdleMs'
  | 'checkTimeoutMs'
  | 'connectTimeoutMs'
  | 'failuresToOpen'
  | 'backoff'
>

export interface World {
  readonly policy: WorldPolicy
  readonly limit: number
  /** Of the database `cache`. */
  readonly cap: number | null
  /** How long a login takes, and how long an answer or a reset. */
  readonly connectMs: number
  readonly answerMs: number
  readonly clients: readonly ClientPlan[]
  readonly spells: readonly Spell[]
  readonly harms: readonly Harm[]
  /** Drawn one after the other, over and over. */
  readonly randoms: readonly number[]
}

const ms = (min: number, max: number) => fc.integer({ min, max })

const randoms = fc.array(fc.double({ min: 0.02, max: 0.999_999, noNaN: true }), { minLength: 1, maxLength: 8, size: 'max' })

export const policies: fc.Arbitrary<WorldPolicy> = fc.record({
  queueLimit: ms(1, 12),
  connectsAtOnce: ms(1, 4),
  idleTimeoutMs: ms(200, 20_000),
  lifetimeMs: ms(500, 30_000),
  lifetimeJitter: fc.double({ min: 0, max: 0.9, noNaN: true }),
  checkAfterIdleMs: ms(0, 5_000),
  checkTimeoutMs: ms(50, 1_000),
  connectTimeoutMs: ms(100, 2_000),
  failuresToOpen: ms(1, 5),
  backoff: fc.tuple(ms(20, 200), ms(1, 10)).map(([baseMs, times]) => ({ baseMs, capMs: baseMs * times })),
})

export function clientsOf(parts: Partial<{ [Key in keyof ClientPlan]: fc.Arbitrary<ClientPlan[Key]> }> = {}): fc.Arbitrary<ClientPlan[]> {
  const plan = fc.record({
    atMs: ms(0, 8_000),
    login: fc.nat(logins.length - 1),
    patienceMs: ms(1, 3_000),
    holdsMs: ms(0, 3_000),
    givesUpMs: fc.option(ms(0, 3_000), { freq: 6 }),
    insists: fc.boolean(),
    ...parts,
  })
  return fc.array(plan, { minLength: 1, maxLength: 30, size: 'max' })
}

const spells: fc.Arbitrary<Spell[]> = fc.array(
  fc.record({
    afterMs: ms(0, 4_000),
    lastsMs: ms(1, 4_000),
    trouble: fc.constantFrom<Trouble>('gone', 'silent', 'full', 'refusing'),
  }),
  { maxLength: 4, size: 'max' },
)

const harms: fc.Arbitrary<Harm[]> = fc.array(
  fc.record({ atMs: ms(0, 8_000), pick: fc.nat(9), how: fc.constantFrom('ended' as const, 'hung' as const) }),
  { maxLength: 12, size: 'max' },
)

/** Any world; `parts` narrows what a property is about. */
export function worldOf(parts: Partial<{ [Key in keyof World]: fc.Arbitrary<World[Key]> }> = {}): fc.Arbitrary<World> {
  return fc.record({
    policy: policies,
    limit: ms(1, 6),
    cap: fc.option(ms(1, 3)),
    connectMs: ms(1, 90),
    answerMs: ms(0, 40),
    clients: clientsOf(),
    spells,
    harms,
    randoms,
    ...parts,
  })
}
