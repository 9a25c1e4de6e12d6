/**
 * Keeps what a run wrote, within a bound: all of it up to the bound, then the first half and the newest half.
 * The first half begins anew at `mark()`: what stood before a crash report is dropped first.
 */
export class ReportKeeper {
  readonly #halfBytes: number
  #head: Buffer[] = []
  #headBytes = 0
  #tail: Buffer[] = []
  #tailBytes = 0
  #droppedBytes = 0

  constructor(maxBytes: number) {
    this.#halfBytes = Math.max(1, Math.floor(maxBytes / 2))
  }

  push(chunk: Buffer): void {
    const room = this.#halfBytes - this.#headBytes
    if (room > 0) {
      this.#head.push(Buffer.from(chunk.subarray(0, room)))
      this.#headBytes += Math.min(room, chunk.length)
    }
    if (chunk.length <= room) return
    const late = Buffer.from(chunk.subarray(Math.max(room, 0)))
    this.#tail.push(late)
    this.#tailBytes += late.length
    while (this.#tail.length > 1 && this.#tailBytes - (this.#tail[0]?.length ?? 0) >= this.#halfBytes) {
      const gone = this.#tail.shift()?.length ?? 0
      this.#tailBytes -= gone
      this.#droppedBytes += gone
    }
  }

  /** A report begins in the chunk that comes next: keep at most `contextBytes` of what came before. */
  mark(contextBytes: number): void {
    const before = Buffer.concat([...this.#head, ...this.#tail])
    this.#droppedBytes += Math.max(0, before.length - contextBytes)
    this.#head = [before.subarray(Math.max(0, before.length - contextBytes))]
    this.#headBytes = this.#head[0]?.length ?? 0
    this.#tail = []
    this.#tailBytes = 0
  }

  get droppedBytes(): number {
    return this.#droppedBytes
  }

  text(): Buffer {
    return Buffer.concat([...this.#head, ...this.#tail])
  }
}
