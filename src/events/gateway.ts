/** Facts of EnhancedDatabaseManager. `database` is the configuration's name for it (`primary`, `cache`, …). */
export type GatewayEvent =
  | { readonly tag: 'ServerSessionOpened'; readonly session: ServerSession }
  | { readonly tag: 'ServerSessionClosed'; readonly database: string; readonly pid: number; readonly why: string }
  | { readonly tag: 'ServerLost'; readonly database: string; readonly error: string }
  | { readonly tag: 'ServerBack'; readonly database: string; readonly awayMs: number }
  | {
      readonly tag: 'BreakerChanged'
      readonly database: string
      readonly state: BreakerState
      readonly error: string | null
      readonly retryInMs: number | null
      /** False for one more attempt of an outage that was told. */
      readonly isNews: boolean
    }
  | { readonly tag: 'LoginRefused'; readonly database: string; readonly sqlstate: string; readonly message: string }
  | { readonly tag: 'PoolExhausted'; readonly database: string; readonly waiting: number; readonly diagnosis: readonly string[] }
  | { readonly tag: 'LeasesEnded'; readonly run: number; readonly rolledBack: number; readonly stillOpen: number }

/** Spelt as in the spec's ConnectionPoolHealth. */
export type BreakerState = 'closed' | 'open' | 'half_open'

/** Enough to end a session that this process may not live to end itself. */
export interface ServerSession {
  readonly database: string
  readonly pid: number
  /** The cancel key of BackendKeyData, hexadecimal: 4 bytes in protocol 3.0, up to 256 in 3.2. */
  readonly secret: string
  /** The run that holds it; null while pooled. */
  readonly run: number | null
}
