import { serverMessage } from '../../formats/pgwire/message-types.ts'
import type { MessageWalker } from '../../formats/pgwire/message-walker.ts'

/** Longer messages are passed on as they come, in bytes. */
const maxBytes = 65_536

/** The part of a server's message that was not passed on yet, because the message may turn out to be a FATAL. */
export class HeldTail {
  #bytes: Buffer | null = null
  #gaveUp = false

  get holds(): boolean {
    return this.#bytes !== null
  }

  /** Whether the message that the walker's chunk ends inside of, if any, must be held: an error, a notice, or not yet known what. */
  mustHold(walker: MessageWalker): boolean {
    if (!walker.inMessage) {
      this.#gaveUp = false
      return false
    }
    if (this.#bytes !== null && this.#bytes.length > maxBytes) this.#gaveUp = true
    const { unfinished } = walker
    return !this.#gaveUp && (unfinished === 0 || unfinished === serverMessage.ErrorResponse || unfinished === serverMessage.NoticeResponse)
  }

  hold(part: Buffer): void {
    this.#bytes = this.#bytes === null ? part : Buffer.concat([this.#bytes, part])
  }

  /** What is held, to be passed on now. */
  take(): Buffer | null {
    const bytes = this.#bytes
    this.#bytes = null
    return bytes
  }

  clear(): void {
    this.#bytes = null
    this.#gaveUp = false
  }
}
