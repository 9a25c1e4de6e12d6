import type { GatewaySettings } from '../options.ts'
import type { Setback } from './setback.ts'

/** What must be equal for one server connection to serve two clients: login, database and start-up settings. A digest, it holds no secret. */
export type PoolKey = string

/**
 * The life of one server connection, as the pool sees it.
 *
 *     Opening ──opened──► Idle ──granted──► Leased ──client gone──► Cleaning ──clean──► Idle
 *                          │ └─idle long─► Checking ──lives──► Leased
 *                          └─ age, idle, evicted, lost: gone
 */
export type Life =
  | { readonly tag: 'Opening' }
  | { readonly tag: 'Idle'; readonly sinceMs: number; readonly expiresMs: number }
  | { readonly tag: 'Checking'; readonly lease: number; readonly expiresMs: number }
  | { readonly tag: 'Leased'; readonly lease: number; readonly expiresMs: number }
  | { readonly tag: 'Cleaning'; readonly expiresMs: number }

export interface Member {
  readonly id: number
  readonly key: PoolKey
  /** The configuration's name of the database. */
  readonly database: string
  readonly life: Life
}

/** A client that waits for a connection. */
export interface Waiter {
  /** Names the question: unique for ever. */
  readonly lease: number
  readonly key: PoolKey
  readonly database: string
  readonly sinceMs: number
  readonly untilMs: number
}

export interface RefusedLogin extends Setback {
  readonly key: PoolKey
}

/** The connections to one server and who waits for them. */
export interface Pool {
  readonly nextId: number
  /** Connections may be opened: the server's breaker is closed. */
  readonly gate: 'open' | 'shut'
  /** What the server allows; null until learnt. */
  readonly limit: number | null
  /** The server said that it has no slot left; null: it didn't, or gave one since. */
  readonly full: Setback | null
  /** Logins that the server refused when it was last asked, and that somebody waits with. */
  readonly refused: readonly RefusedLogin[]
  readonly stopping: boolean
  readonly members: readonly Member[]
  /** First in, first out. */
  readonly waiting: readonly Waiter[]
}

export type PoolEvent =
  | { readonly tag: 'Asked'; readonly lease: number; readonly key: PoolKey; readonly database: string; readonly untilMs: number }
  /** The client stopped waiting. */
  | { readonly tag: 'Withdrawn'; readonly lease: number }
  | { readonly tag: 'Opened'; readonly id: number }
  | { readonly tag: 'OpenFailed'; readonly id: number; readonly why: OpenFailure }
  /** The client is gone: the session is rolled back and reset. */
  | { readonly tag: 'Released'; readonly id: number }
  /** A check or a cleaning found the connection in order. */
  | { readonly tag: 'Proved'; readonly id: number }
  /** It closed, or must not be used again. */
  | { readonly tag: 'Lost'; readonly id: number }
  | { readonly tag: 'GateMoved'; readonly gate: 'open' | 'shut' }
  | { readonly tag: 'LimitLearnt'; readonly limit: number }
  | { readonly tag: 'Due' }
  | { readonly tag: 'Stop' }

/** `refused`: the server answered, and said no to this login or database. `full`: it has no slot left. */
export type OpenFailure = 'unreachable' | 'refused' | 'full'

export type RefusalWhy = 'deadline' | 'queue-full' | 'login-refused' | 'stopping'
export type CloseWhy = 'idle' | 'lifetime' | 'evicted' | 'unused' | 'stopping'

export type PoolEffect =
  | { readonly tag: 'Open'; readonly id: number; readonly key: PoolKey; readonly database: string }
  | { readonly tag: 'Grant'; readonly lease: number; readonly id: number }
  | { readonly tag: 'Check'; readonly id: number }
  | { readonly tag: 'Close'; readonly id: number; readonly why: CloseWhy }
  | { readonly tag: 'Refuse'; readonly lease: number; readonly key: PoolKey; readonly database: string; readonly why: RefusalWhy }

export interface PoolPolicy extends Pick<
  GatewaySettings,
  'queueLimit' | 'connectsAtOnce' | 'backoff' | 'idleTimeoutMs' | 'lifetimeMs' | 'lifetimeJitter' | 'checkAfterIdleMs'
> {
  /** The configured most of a database; null: only the server's limit counts. */
  capOf(database: string): number | null
}

export const emptyPool: Pool = {
  nextId: 1,
  gate: 'open',
  limit: null,
  full: null,
  refused: [],
  stopping: false,
  members: [],
  waiting: [],
}

/** Until the server has said what it allows. */
export const limitUntilLearnt = 4
