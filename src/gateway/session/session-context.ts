import type { WalkRules } from '../../formats/pgwire/walk-rules.ts'
import type { Outside } from '../../part.ts'
import type { DatabaseSettings, GatewaySettings } from '../options.ts'
import type { DatabaseServer } from '../server/database-server.ts'
import type { CancelKeys } from './cancel-keys.ts'

/** What all sessions of one listener have in common. */
export interface SessionContext {
  readonly run: number
  readonly database: DatabaseSettings
  readonly server: DatabaseServer
  readonly settings: GatewaySettings
  readonly outside: Outside
  readonly cancelKeys: CancelKeys
  readonly clientRules: WalkRules
  /** The worker of the run; null: not known. */
  worker(): number | null
  /** A number for a question to the pool, never given before. */
  nextLease(): number
}
