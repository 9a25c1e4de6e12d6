/**
 * Cuts a byte stream into lines, bounded: of a longer line only the first `maxLineBytes` are given, once.
 * Bytes that are no UTF-8 become U+FFFD.
 */
export class LineSplitter {
  readonly #maxLineBytes: number
  #rest: Buffer[] = []
  #restBytes = 0

  constructor(maxLineBytes: number) {
    this.#maxLineBytes = maxLineBytes
  }

  /** The lines that this chunk completes, without their ends. */
  push(chunk: Buffer): string[] {
    const lines: string[] = []
    let start = 0
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      this.#keep(chunk.subarray(start, end))
      lines.push(this.#take())
      start = end + 1
    }
    this.#keep(chunk.subarray(start))
    return lines
  }

  #keep(part: Buffer): void {
    const room = this.#maxLineBytes - this.#restBytes
    if (room <= 0 || part.length === 0) return
    // A copy: the chunk's memory belongs to the stream's pool.
    const kept = Buffer.from(part.subarray(0, room))
    this.#rest.push(kept)
    this.#restBytes += kept.length
  }

  #take(): string {
    const line = Buffer.concat(this.#rest, this.#restBytes).toString('utf8')
    this.#rest = []
    this.#restBytes = 0
    return line.endsWith('\r') ? line.slice(0, -1) : line
  }
}
