import { plainRead, type Statement } from './statement.ts'

/** A longer Parse message is not kept: after a move its statement is unknown to the server, which says so (26000). */
const maxBytes = 8_192

/** The unnamed statement of a session: replaced by each Parse without a name, so its memory is used again. */
export class UnnamedStatement {
  statement: Statement = plainRead
  #memory: Buffer | null = null
  #bytes = 0

  /** The body of its Parse message; null: there is none, or it was not kept. */
  get body(): Buffer | null {
    return this.#bytes === 0 || this.#memory === null ? null : this.#memory.subarray(0, this.#bytes)
  }

  keep(buffer: Buffer, start: number, end: number, statement: Statement): void {
    this.statement = statement
    this.#bytes = 0
    if (end - start > maxBytes) return
    if (this.#memory === null || this.#memory.length < end - start) this.#memory = Buffer.allocUnsafeSlow(end - start)
    this.#bytes = buffer.copy(this.#memory, 0, start, end)
  }

  /** After an error: the server may have it no more. */
  forgetBody(): void {
    this.#bytes = 0
  }

  drop(): void {
    this.#bytes = 0
    this.statement = plainRead
  }
}
