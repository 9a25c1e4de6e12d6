/**
 * What a client's session has come to carry on its server connection, and whether a new one can be given the same.
 * Feed it every message in both directions, in order, when it is passed on (not when it arrives and is held).
 *
 * clean: nothing to recreate. tracked: `replay` recreates it. untracked: only the old connection has it (`why` says what).
 */
export type Carry = 'clean' | 'tracked' | 'untracked'

export interface SessionStateFace {
  /** `start` is the first byte behind the length, `end` one past the last byte of the message. */
  onClientMessage(type: number, buffer: Buffer, start: number, end: number): void
  onServerMessage(type: number, buffer: Buffer, start: number, end: number): void
  /** A client message too long to be held in memory was passed on unread. */
  onClientMessageUnread(type: number): void

  readonly carry: Carry
  /** For people: `LISTEN`, `temporary table`, `function pay_invoice`. Null unless untracked. */
  readonly why: string | null
  /** ReadyForQuery messages that the server still owes. */
  readonly outstanding: number
  /** Inside a transaction block, failed or not, as far as the server has said. */
  readonly inTransaction: boolean
  /** Nothing outstanding, outside a transaction, and not untracked: may get a new server connection. */
  readonly movable: boolean
  /** A COMMIT, or a write outside a transaction, is unanswered: if the server is lost now, the client must be told 08007, else 08006. */
  readonly outcomeUnknown: boolean
  /** What the client was last told by ParameterStatus. */
  readonly parameters: ReadonlyMap<string, string>

  /**
   * The messages that recreate the session on a fresh connection, opened with the same start-up parameters; empty when clean.
   * They end with one Sync, so exactly one ReadyForQuery (`I`) comes back. An ErrorResponse before it means that the session can't be moved.
   * Feed neither these messages nor their answers to this object; then call `moved` with what the new server reported.
   */
  replay(): Buffer
  /** The session now lives on another connection. Returns the ParameterStatus messages to send to the client, for what differs from what it was told. */
  moved(parameters: ReadonlyMap<string, string>): Buffer
}
