import { once } from 'node:events'
import type { Socket } from 'node:net'
import { Client, DatabaseError, type ClientConfig } from 'pg'
import type { ConnectionPoolHealth } from '../../src/gateway/connection-pool-health.ts'
import type { TestGateway } from '../support/gateway.ts'

/** A client that comes to the gateway: it waits, and is served or refused. */
export interface Caller {
  readonly client: Client
  /** Null: it still waits. */
  outcome(): 'served' | DatabaseError | Error | null
  /** Resolves when it is served, or rejects with what it was told. */
  readonly served: Promise<Client>
  /** Goes away without a word. */
  vanish(): void
}

/** Connects without waiting for it. */
export function call(
  gateway: TestGateway,
  { user, database }: { readonly user: string; readonly database: string },
  config: ClientConfig = {},
): Caller {
  const client = new Client({ host: gateway.socketDir(), port: 5432, user, database, ...config })
  let outcome: 'served' | Error | null = null
  client.on('error', () => {})
  const served = client.connect().then(
    () => {
      outcome = 'served'
      return client
    },
    (error: Error) => {
      outcome = error
      throw error
    },
  )
  // Whoever looks at the outcome need not await it.
  served.catch(() => {})
  return { client, outcome: () => outcome, served, vanish: () => void streamOf(client).destroy() }
}

/** The socket below a client of `pg`, which its types keep to themselves. */
export function streamOf(client: Client): Socket {
  const { connection } = client as unknown as { readonly connection: { readonly stream: Socket } }
  return connection.stream
}

/** Starts a statement without end; resolves when the server is certainly at it. */
export async function untilAnswering(client: Client): Promise<void> {
  const answering = once(streamOf(client), 'data')
  // More than the server keeps back (8 kB, PqSendBuffer in src/backend/libpq/pqcomm.c).
  void client.query("SELECT repeat('x', 20000); SELECT pg_sleep(600)").catch(() => {})
  await answering
}

export function healthOf(gateway: TestGateway): ConnectionPoolHealth {
  const [health] = gateway.manager.getConnectionHealthStatus()
  if (health === undefined) throw new Error('the gateway has no database')
  return health
}

/** Most connections to the server that were open at a time, as the facts tell; the control connection is none of them. */
export function mostSessions(gateway: TestGateway): number {
  let open = 0
  let most = 0
  for (const { tag } of gateway.events) {
    if (tag === 'ServerSessionOpened') open += 1
    if (tag === 'ServerSessionClosed') open -= 1
    most = Math.max(most, open)
  }
  return most
}
