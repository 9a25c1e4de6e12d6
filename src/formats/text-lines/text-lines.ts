const lineFeed = 10

/**
 * Cuts a byte stream into lines, bounded: of a longer line only the first `maxLineBytes` are given, once. Lines come
 * without their endings; bytes that are no UTF-8 become U+FFFD.
 */
export class TextLines {
  readonly #maxLineBytes: number
  #carry: Buffer[] = []
  #carried = 0

  constructor(maxLineBytes: number) {
    this.#maxLineBytes = maxLineBytes
  }

  /** The lines that this chunk completes. */
  push(chunk: Buffer): string[] {
    const lines: string[] = []
    let start = 0
    for (let end = chunk.indexOf(lineFeed); end !== -1; end = chunk.indexOf(lineFeed, start)) {
      this.#keep(chunk.subarray(start, end))
      lines.push(this.#take())
      start = end + 1
    }
    this.#keep(chunk.subarray(start))
    return lines
  }

  /** What stood after the last line feed; none when nothing did. */
  end(): string[] {
    return this.#carried === 0 ? [] : [this.#take()]
  }

  #keep(part: Buffer): void {
    const room = this.#maxLineBytes - this.#carried
    if (room <= 0 || part.length === 0) return
    // A copy: the chunk's memory belongs to the stream's pool.
    const kept = Buffer.from(part.subarray(0, room))
    this.#carry.push(kept)
    this.#carried += kept.length
  }

  #take(): string {
    const line = Buffer.concat(this.#carry, this.#carried).toString('utf8')
    this.#carry = []
    this.#carried = 0
    return line.endsWith('\r') ? line.slice(0, -1) : line
  }
}
