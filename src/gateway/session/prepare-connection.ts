import { transactionStatus } from '../../formats/pgwire/message-types.ts'
import type { Clock } from '../../resilience/drive.ts'
import { exchange } from '../server/exchange.ts'
import type { ServerConnection } from '../server/server-connection.ts'
import { setApplicationName } from './application-name.ts'

/** `refused`: the server can't give it the same session. `lost`: it did not answer, and is closed. */
export type Preparation = 'ready' | 'refused' | 'lost'

/** Gives a connection what a session needs of it: its name, and what it carried on its last connection (`SessionState.replay`; may be empty). */
export async function prepareConnection(
  connection: ServerConnection,
  name: string,
  replay: Buffer,
  withinMs: number,
  clock: Clock,
): Promise<Preparation> {
  const readies = replay.length > 0 ? 2 : 1
  const answers = await exchange(connection, Buffer.concat([setApplicationName(name), replay]), { readies }, withinMs, clock)
  if (answers === null) return 'lost'
  return answers.error === null && answers.status === transactionStatus.Idle ? 'ready' : 'refused'
}
