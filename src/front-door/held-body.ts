/** Bytes of held bodies of all requests together. */
export interface HeldBytes {
  total: number
}

/** Shorter pieces are copied together: a Buffer object for each octet would cost a hundred times what is counted. */
const joinBelowBytes = 4_096

const minTailBytes = 1_024
const maxTailBytes = 16_384

/** The body of one request as far as it is at hand: whole when it can be sent again. */
export class HeldBody {
  readonly chunks: Buffer[] = []
  length = 0
  /** The client has sent all of it. */
  complete = false
  /** Some of it was passed on and let go. */
  released = false
  private readonly held: HeldBytes
  /** The buffer that the last chunk is the beginning of, and has room behind it; null when there is none. */
  private tail: Buffer | null = null
  private tailUsed = 0

  constructor(held: HeldBytes) {
    this.held = held
  }

  get whole(): boolean {
    return this.complete && !this.released
  }

  add(bytes: Buffer): void {
    if (this.chunks.length === 0 || bytes.length >= joinBelowBytes) {
      this.chunks.push(bytes)
      this.tail = null
    } else this.join(bytes)
    this.length += bytes.length
    this.held.total += bytes.length
  }

  /** Lets go of the bytes: they were streamed, or nobody needs them any more. Idempotent. */
  release(): void {
    this.released = true
    this.held.total -= this.length
    this.length = 0
    this.chunks.length = 0
    this.tail = null
  }

  private join(bytes: Buffer): void {
    if (this.tail === null || this.tail.length - this.tailUsed < bytes.length) {
      this.tail = Buffer.allocUnsafeSlow(Math.max(bytes.length, Math.min(maxTailBytes, Math.max(minTailBytes, this.length))))
      this.tailUsed = 0
      this.chunks.push(this.tail)
    }
    bytes.copy(this.tail, this.tailUsed)
    this.tailUsed += bytes.length
    this.chunks[this.chunks.length - 1] = this.tail.subarray(0, this.tailUsed)
  }
}
