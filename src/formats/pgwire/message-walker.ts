import type { WalkRules } from './walk-rules.ts'

/** Nothing more in this chunk. */
export const chunkEnd = 0
/** Not the protocol; `fault` says why. Final. */
export const malformed = -1

const none = Buffer.alloc(0)
const headerBytes = 5
/** Kept of a message that is too long to be kept whole: the names in a Bind or Parse. */
const prefixBytes = 256

/**
 * Walks one direction of a connection, message by message, over chunks as they come from the socket
 * (PostgreSQL manual, "Message Formats": a type byte, then a length that counts itself, big-endian).
 *
 *     walker.feed(chunk)
 *     for (let type = walker.next(); type > chunkEnd; type = walker.next()) …
 *
 * `next` answers when the last byte of a message is there. The chunk itself can be passed on as it is: `from` and `to` say where in it.
 * A message inside one chunk costs no allocation. One that spans chunks is put together when the rules keep it, else only followed.
 */
export class MessageWalker {
  /** Whether `start` and `end` hold the whole body; else, of a message that was only followed, its first bytes at most. */
  whole = true
  /** Holds the body until the next call of `next` or `feed`. */
  buffer: Buffer = none
  /** First byte of the body, behind the length. */
  start = 0
  /** One past the last byte of the body. */
  end = 0
  /** In the chunk: first byte of the message, 0 when it began in an earlier chunk. */
  from = 0
  /** In the chunk: one past the last byte of the message. */
  to = 0
  /** Why `next` said `malformed`. */
  fault = ''

  #chunk: Buffer = none
  #at = 0
  #rules: WalkRules
  /** The message that spans chunks: its type (0: header not complete), header bytes seen, body bytes missing, to be kept, and kept. */
  #type = 0
  #headSeen = 0
  #length = 0
  #missing = 0
  #keepBytes = 0
  #held: Buffer = none
  #heldBytes = 0

  constructor(rules: WalkRules) {
    this.#rules = rules
  }

  /** The next chunk; the one before must have been walked to its end. */
  feed(chunk: Buffer): void {
    this.#chunk = chunk
    this.#at = 0
  }

  /** Whether the chunks so far end inside a message. */
  get inMessage(): boolean {
    return this.#headSeen > 0
  }

  /** Type of the message that the chunks so far end inside of; 0: between messages, or nothing known but a part of the header. */
  get unfinished(): number {
    return this.#type
  }

  /** The type byte of the next message that is complete, `chunkEnd` or `malformed`. */
  next(): number {
    const chunk = this.#chunk
    const at = this.#at
    if (this.#headSeen > 0) return this.#resume()
    if (chunk.length - at < headerBytes) return this.#begin()
    const type = chunk[at]!
    const length = (chunk[at + 1]! << 24) | (chunk[at + 2]! << 16) | (chunk[at + 3]! << 8) | chunk[at + 4]!
    // A length past 2^31 is negative here.
    if (length < 4 || length > this.#rules.maxLength[type]!) return this.#refuse(type, length)
    const end = at + 1 + length
    if (end > chunk.length) return this.#begin()
    this.#at = end
    this.from = at
    this.to = end
    this.whole = true
    this.buffer = chunk
    this.start = at + headerBytes
    this.end = end
    return type
  }

  #begin(): number {
    if (this.fault !== '') return malformed
    if (this.#at === this.#chunk.length) return chunkEnd
    return this.#resume()
  }

  /** Goes on with, or begins, a message that does not lie in one chunk. */
  #resume(): number {
    if (this.fault !== '') return malformed
    const chunk = this.#chunk
    this.from = this.#headSeen > 0 ? 0 : this.#at
    while (this.#headSeen < headerBytes) {
      if (this.#at === chunk.length) return chunkEnd
      const byte = chunk[this.#at]!
      this.#at += 1
      if (this.#headSeen === 0) {
        this.#type = byte
        this.#length = 0
      } else this.#length = (this.#length << 8) | byte
      this.#headSeen += 1
      if (this.#headSeen === headerBytes) this.#headComplete()
    }
    if (this.fault !== '') return malformed
    const take = Math.min(this.#missing, chunk.length - this.#at)
    if (this.#heldBytes < this.#keepBytes) this.#keep(chunk, this.#at, Math.min(take, this.#keepBytes - this.#heldBytes))
    this.#at += take
    this.#missing -= take
    return this.#missing > 0 ? chunkEnd : this.#complete()
  }

  #headComplete(): void {
    const length = this.#length
    if (length < 4 || length > this.#rules.maxLength[this.#type]!) this.#refuse(this.#type, length)
    this.#missing = length - 4
    const { kept, maxKeptBytes } = this.#rules
    this.#keepBytes = kept[this.#type] === 0 ? 0 : length <= maxKeptBytes ? this.#missing : Math.min(prefixBytes, this.#missing)
  }

  /** Memory grows with the bytes that have come, never with the length that was announced. */
  #keep(chunk: Buffer, at: number, take: number): void {
    if (this.#heldBytes + take > this.#held.length) {
      const grown = Buffer.allocUnsafe(Math.min(this.#keepBytes, Math.max(256, 2 * (this.#heldBytes + take))))
      this.#held.copy(grown, 0, 0, this.#heldBytes)
      this.#held = grown
    }
    chunk.copy(this.#held, this.#heldBytes, at, at + take)
    this.#heldBytes += take
  }

  #complete(): number {
    this.to = this.#at
    this.whole = this.#heldBytes === this.#length - 4
    this.buffer = this.#held
    this.start = 0
    this.end = this.#heldBytes
    this.#held = none
    this.#heldBytes = 0
    this.#headSeen = 0
    const type = this.#type
    this.#type = 0
    return type
  }

  #refuse(type: number, length: number): number {
    const name = type > 0x20 && type < 0x7f ? `'${String.fromCharCode(type)}'` : `0x${type.toString(16).padStart(2, '0')}`
    this.fault = this.#rules.maxLength[type] === 0 ? `unknown message type ${name}` : `length ${length >>> 0} of a message of type ${name}`
    this.#held = none
    // Whatever is fed from here on goes the slow way, and finds the fault.
    this.#headSeen = headerBytes
    return malformed
  }
}
