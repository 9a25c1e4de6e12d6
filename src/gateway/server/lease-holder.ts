import type { RefusalWhy } from '../pool/pool-state.ts'
import type { ServerConnection } from './server-connection.ts'

/** Who asked for a lease, as the server sees it. */
export interface LeaseHolder {
  /** The run of the worker that the client belongs to. */
  readonly run: number
  /** What it does, in words for the diagnosis: `worker 2 run 7, idle in transaction for 4.2 s`. */
  describe(): string
  granted(lease: number, id: number, server: ServerConnection): void
  /** `bytes`: the server's own ErrorResponse, when there is one. */
  refused(lease: number, why: RefusalWhy, bytes: Buffer | null): void
}
