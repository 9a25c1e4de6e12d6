/** Bytes of held bodies of all requests together. */
export interface HeldBytes {
  total: number
}

/** The body of one request as far as it is at hand: whole when it can be sent again. */
export class HeldBody {
  readonly chunks: Buffer[] = []
  length = 0
  /** The client has sent all of it. */
  complete = false
  /** Some of it was passed on and let go. */
  released = false
  private readonly held: HeldBytes

  constructor(held: HeldBytes) {
    this.held = held
  }

  get whole(): boolean {
    return this.complete && !this.released
  }

  add(bytes: Buffer): void {
    this.chunks.push(bytes)
    this.length += bytes.length
    this.held.total += bytes.length
  }

  /** Lets go of the bytes: they were streamed, or nobody needs them any more. Idempotent. */
  release(): void {
    this.released = true
    this.held.total -= this.length
    this.length = 0
    this.chunks.length = 0
  }
}
