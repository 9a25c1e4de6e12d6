import type { Clock } from '../../resilience/drive.ts'
import type { Login } from '../pool/pool-key.ts'
import type { ConnectFailure } from '../server-link/connect-failure.ts'
import type { ConnectServer } from '../server-link/connect-server.ts'
import type { ServerLink } from '../server-link/server-link.ts'

/**
 * Has a server notice within this time that its client is gone, in milliseconds: otherwise a statement of a gateway that died keeps
 * its row locks to its end. From PostgreSQL 14 on.
 */
const connectionCheckMs = 500
const checkInterval = 'client_connection_check_interval'

/** Opens server connections for clients; remembers whether the server can watch over its clients. */
export class LoginOpener {
  #connectServer: ConnectServer
  #clock: Clock
  #connectTimeoutMs: number
  #checks = true

  constructor(connectServer: ConnectServer, clock: Clock, connectTimeoutMs: number) {
    this.#connectServer = connectServer
    this.#clock = clock
    this.#connectTimeoutMs = connectTimeoutMs
  }

  async open(login: Login, majorVersion: number | null, signal: AbortSignal): Promise<ServerLink | ConnectFailure> {
    const options = { connectTimeoutMs: this.#connectTimeoutMs, clock: this.#clock, signal }
    const plain = { ...login.startup, application_name: 'bezel' }
    if (!this.#checks || majorVersion === null || majorVersion < 14) return this.#connectServer(login.target, plain, options)
    const link = await this.#connectServer(login.target, { [checkInterval]: String(connectionCheckMs), ...plain }, options)
    // Some systems can't (PostgreSQL manual, "client_connection_check_interval"), and refuse any other value than 0.
    if (link.tag !== 'Refused' || !link.text.includes(checkInterval)) return link
    this.#checks = false
    return this.#connectServer(login.target, plain, options)
  }
}
