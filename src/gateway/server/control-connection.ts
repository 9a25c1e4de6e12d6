import { query, terminate } from '../../formats/pgwire/client-messages.ts'
import { serverMessage } from '../../formats/pgwire/message-types.ts'
import { serverRules, type WalkRules } from '../../formats/pgwire/walk-rules.ts'
import type { Clock } from '../../resilience/drive.ts'
import type { ServerLink } from '../server-link/server-link.ts'
import { exchange } from './exchange.ts'
import { ServerConnection } from './server-connection.ts'

/** Its answers are read, rows too. */
const controlRules: WalkRules = rowsKept(serverRules(65_536))

/**
 * The gateway's own connection to a server: it learns what the server allows, is the health check, and ends sessions that went wrong.
 * It is never lent to a client.
 */
export class ControlConnection {
  #clock: Clock
  #onLost: () => void
  #server: ServerConnection | null = null
  #turn: Promise<unknown> = Promise.resolve()

  /** `onLost`: it closed without having been told to. */
  constructor(clock: Clock, onLost: () => void) {
    this.#clock = clock
    this.#onLost = onLost
  }

  get open(): boolean {
    return this.#server !== null
  }

  get pid(): number | null {
    return this.#server?.pid ?? null
  }

  get majorVersion(): number | null {
    return this.#server?.majorVersion ?? null
  }

  /** Takes a new link into use; the one before, if any, is closed. */
  use(link: ServerLink): void {
    this.close()
    const server: ServerConnection = new ServerConnection(link, controlRules, () => {
      if (this.#server !== server) return
      this.#server = null
      this.#onLost()
    })
    if (!server.closed) this.#server = server
  }

  /** Rows of one statement, one at a time; null when there is no connection, or it failed or was late: late ones are closed. */
  async ask(sql: string, withinMs: number): Promise<readonly (readonly (string | null)[])[] | null> {
    const deadlineMs = this.#clock.nowMs() + withinMs
    const answer = this.#turn.then(async () => {
      const server = this.#server
      const leftMs = deadlineMs - this.#clock.nowMs()
      if (server === null || leftMs <= 0) return null
      const answers = await exchange(server, query(sql), { readies: 1 }, leftMs, this.#clock)
      if (answers === null) server.close('did not answer the gateway in time')
      return answers === null || answers.error !== null ? null : answers.rows
    })
    this.#turn = answer
    return answer
  }

  close(): void {
    const server = this.#server
    this.#server = null
    server?.close('no longer needed', terminate)
  }
}

function rowsKept(rules: WalkRules): WalkRules {
  rules.kept[serverMessage.DataRow] = 1
  return rules
}
