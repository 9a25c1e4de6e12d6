import type { Socket } from 'node:net'

/** An authenticated server connection that has said its first ReadyForQuery. The caller owns the socket from here on. */
export interface ServerLink {
  readonly tag: 'Connected'
  /** Paused, with no listener of ours left on it: attach `error` and `close` listeners in the same tick, and call `resume`. A TLSSocket when encrypted. */
  readonly socket: Socket
  /** What the server had already sent behind its ReadyForQuery; usually empty. */
  readonly unread: Buffer
  /** Every ParameterStatus of the start-up. */
  readonly parameters: Map<string, string>
  /** Process id of the backend: what pg_stat_activity calls `pid`. 0 when the server sent no BackendKeyData. */
  readonly pid: number
  /** The cancel key: 4 bytes in protocol 3.0, up to 256 in 3.2. Empty when the server sent no BackendKeyData. */
  readonly secret: Buffer
  /** Transaction status byte of the ReadyForQuery: `I` (0x49). */
  readonly status: number
  readonly encrypted: boolean
}
