/** The chunks that a client has sent since the server owed it nothing; kept so that a read can be asked again elsewhere. */
export class Unanswered {
  /** All that was sent, kept or not. */
  bytes = 0
  #maxBytes: number
  #chunks: Buffer[] = []
  #begun = false
  #count = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** All of it is kept, and no byte of an answer was passed on. */
  get repeatable(): boolean {
    return this.bytes <= this.#maxBytes && !this.#begun
  }

  /** All of it went in one write, which a server reads in one piece or not at all (`PQ_RECV_BUFFER_SIZE` in its `pqcomm.c`). */
  get single(): boolean {
    return this.#count === 1 && this.bytes <= 8_192
  }

  note(chunk: Buffer): void {
    this.bytes += chunk.length
    this.#count += 1
    if (this.bytes <= this.#maxBytes) this.#chunks.push(chunk)
    else if (this.#chunks.length > 0) this.#chunks = []
  }

  /** Some of the answer was passed on. */
  answering(): void {
    if (this.bytes > 0) this.#begun = true
  }

  clear(): void {
    this.bytes = 0
    this.#begun = false
    this.#count = 0
    if (this.#chunks.length > 0) this.#chunks.length = 0
  }

  /** What must be sent again, in order; it stays unanswered. */
  repeat(): readonly Buffer[] {
    return this.#chunks
  }
}
