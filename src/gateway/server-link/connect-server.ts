import type { Clock } from '../../resilience/drive.ts'
import type { ConnectFailure } from './connect-failure.ts'
import type { ServerLink } from './server-link.ts'
import type { ServerTarget } from './target.ts'

export interface ConnectOptions {
  /** How long the whole of connecting, TLS, authentication and start-up may take, in milliseconds; more than 0. */
  readonly connectTimeoutMs: number
  readonly clock: Clock
  /** Gives up at once; the promise then resolves to `Unreachable` with errno `ABORT_ERR`. */
  readonly signal?: AbortSignal
}

/** Parameters of the StartupMessage besides user, database and options: `application_name`, `client_encoding`, … */
export type StartupParameters = Readonly<Record<string, string>>

/**
 * Opens, encrypts, authenticates and starts one server connection.
 * Never rejects: a failure is a value. Nothing stays open after a failure.
 */
export type ConnectServer = (
  target: ServerTarget,
  startup: StartupParameters,
  options: ConnectOptions,
) => Promise<ServerLink | ConnectFailure>
