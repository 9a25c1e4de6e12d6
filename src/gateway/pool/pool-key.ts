import { createHash } from 'node:crypto'
import type { StartupParameters } from '../server-link/connect-server.ts'
import type { ServerTarget } from '../server-link/target.ts'
import type { PoolKey } from './pool-state.ts'

/** All that a server connection is opened with. */
export interface Login {
  readonly key: PoolKey
  /** The configuration's name of the database. */
  readonly database: string
  readonly target: ServerTarget
  /** Settings of the client's start-up message, without `application_name`. */
  readonly startup: StartupParameters
}

/**
 * Two clients may use one server connection after the other when all of this is equal. The password belongs to it: who doesn't know it
 * must not get a session that was opened with it. Start-up settings too: they are what RESET and DISCARD ALL go back to.
 */
export function createLogin(database: string, target: ServerTarget, startup: StartupParameters): Login {
  const settings = Object.entries(startup).sort(([a], [b]) => (a < b ? -1 : 1))
  const parts = [database, target.user, target.database, target.password, target.options ?? '', settings]
  return { key: createHash('sha256').update(JSON.stringify(parts)).digest('base64'), database, target, startup }
}
