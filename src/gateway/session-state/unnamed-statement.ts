import { plainRead, tainted, type Statement } from './statement.ts'

/** A longer Parse message is not kept: after a move its statement is unknown to the server, which says so (26000). */
const maxBytes = 8_192

const unclear = tainted('other', 'the unnamed statement of an earlier round')

/**
 * The unnamed statement of a session: replaced by each Parse without a name, so its memory is used again. An error makes the server skip
 * the rest of a round, up to its Sync: in a later one, only an answer without errors tells which statement stands.
 */
export class UnnamedStatement {
  #statement: Statement = plainRead
  #memory: Buffer | null = null
  #bytes = 0
  #isCertain = true
  /** Since everything was last answered. */
  #hasChanged = false
  #hasFailed = false

  /** What a Bind means that is sent now. */
  get statement(): Statement {
    return this.#isCertain ? this.#statement : unclear
  }

  /** The body of its Parse message; null: there is none, or it was not kept. */
  get body(): Buffer | null {
    return this.#bytes === 0 || this.#memory === null ? null : this.#memory.subarray(0, this.#bytes)
  }

  keep(buffer: Buffer, start: number, end: number, statement: Statement): void {
    this.#change(statement)
    if (end - start > maxBytes) return
    if (this.#memory === null || this.#memory.length < end - start) this.#memory = Buffer.allocUnsafeSlow(end - start)
    this.#bytes = buffer.copy(this.#memory, 0, start, end)
  }

  drop(): void {
    this.#change(plainRead)
  }

  /** A Sync, or the end of a Query, was sent. */
  endRound(): void {
    if (this.#hasChanged) this.#isCertain = false
  }

  /** After an error: the server may have it no more. */
  failed(): void {
    this.#bytes = 0
    this.#hasFailed = true
  }

  /** Everything has been answered. */
  settle(): void {
    if (this.#hasChanged) this.#isCertain = !this.#hasFailed
    this.#hasChanged = false
    this.#hasFailed = false
  }

  #change(statement: Statement): void {
    this.#statement = statement
    this.#bytes = 0
    this.#isCertain = true
    this.#hasChanged = true
  }
}
