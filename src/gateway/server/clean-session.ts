import { copyFail, query, sync } from '../../formats/pgwire/client-messages.ts'
import { transactionStatus } from '../../formats/pgwire/message-types.ts'
import type { Clock } from '../../resilience/drive.ts'
import { exchange } from './exchange.ts'
import type { ServerConnection } from './server-connection.ts'
import { Swallower } from './swallower.ts'

/** Where a client left its server connection. */
export interface Boundary {
  /** The client's last message has not come to its end: nothing can be said any more on this connection. */
  readonly inMessage: boolean
  /** Something may still run: answers are owed, or messages without a Sync. */
  readonly busy: boolean
  /** The server waits for the client's data. */
  readonly copyingIn: boolean
  readonly inTransaction: boolean
}

export const untouched: Boundary = { inMessage: false, busy: false, copyingIn: false, inTransaction: false }

export interface Cleaning {
  readonly clock: Clock
  readonly withinMs: number
  /** Delivers a CancelRequest; resolves at its end-of-file, when the signal has been sent. */
  cancel(): Promise<void>
}

let markers = 0

/**
 * Ends what a client left running, rolls back, and resets the session (DISCARD ALL); true when the server has confirmed all of it.
 * The proof is a marker: the report of an `application_name` that nobody else can have set. Counting ReadyForQuery alone would not do:
 * a Sync that comes while the server copies in gets none.
 */
export async function cleanSession(server: ServerConnection, boundary: Boundary, cleaning: Cleaning): Promise<boolean> {
  if (boundary.inMessage || server.closed) return false
  const { clock, withinMs } = cleaning
  const deadlineMs = clock.nowMs() + withinMs
  server.read(new Swallower(server))
  if (boundary.busy || boundary.copyingIn) {
    if (boundary.copyingIn) server.write(copyFail('the client is gone'))
    server.write(sync)
    // Only behind its end-of-file can the cancel no longer hit the next statement.
    await cleaning.cancel()
  }
  await server.cancelling
  markers += 1
  const marker = `bezel idle ${markers}`
  const rollback = boundary.busy || boundary.copyingIn || boundary.inTransaction
  const statements = [...(rollback ? ['ROLLBACK'] : []), 'DISCARD ALL', `SET application_name TO '${marker}'`]
  const answers = await exchange(server, Buffer.concat(statements.map(query)), { marker }, Math.max(0, deadlineMs - clock.nowMs()), clock)
  return answers !== null && answers.tags.slice(-2).join() === 'DISCARD ALL,SET' && answers.status === transactionStatus.Idle
}
