import { query, terminate } from '../formats/pgwire/client-messages.ts'
import type { Clock } from '../resilience/drive.ts'
import type { DatabaseSettings } from './options.ts'
import type { GatewayPorts } from './ports.ts'
import { decideFailure } from './server/decide-failure.ts'
import { exchange } from './server/exchange.ts'
import { pooledRules, ServerConnection } from './server/server-connection.ts'

/** What a test of a database found. */
export interface ConnectionTest {
  readonly database: string
  readonly ok: boolean
  /** In the server's or the system's words; null when all is well. */
  readonly error: string | null
  readonly tookMs: number
}

/** Connects, asks one empty query, and closes again: on a connection of its own, never one of the pool's, within `withinMs`. Never rejects. */
export async function testConnection(
  { name, target }: DatabaseSettings,
  withinMs: number,
  clock: Clock,
  { connectServer }: Pick<GatewayPorts, 'connectServer'>,
): Promise<ConnectionTest> {
  const startMs = clock.nowMs()
  const found = (error: string | null): ConnectionTest => ({ database: name, ok: error === null, error, tookMs: clock.nowMs() - startMs })
  const link = await connectServer(target, { application_name: 'bezel test' }, { connectTimeoutMs: withinMs, clock })
  if (link.tag !== 'Connected') return found(decideFailure(link).text)
  const connection = new ServerConnection(link, pooledRules, () => {})
  const answers = await exchange(connection, query(';'), { readies: 1 }, Math.max(1, startMs + withinMs - clock.nowMs()), clock)
  connection.close('tested', terminate)
  return found(answers === null ? `no answer within ${withinMs} ms` : (answers.error?.message ?? null))
}
