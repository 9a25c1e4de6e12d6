/** Longest line kept, in characters. */
const maxLineLength = 500

/** The last lines of a worker's output, bounded in number and length; what is not valid UTF-8 is replaced. */
export class LastLines {
  readonly #size: number
  #lines: string[] = []
  #open = ''

  constructor(size: number) {
    this.#size = size
  }

  push(chunk: Buffer): void {
    // More than this can't be kept anyway.
    const text = this.#open + chunk.subarray(-this.#size * maxLineLength * 4).toString('utf8')
    const lines = text.split('\n')
    this.#open = (lines.pop() ?? '').slice(0, maxLineLength)
    this.#lines = [...this.#lines, ...lines.slice(-this.#size).map(cut)].slice(-this.#size)
  }

  read(): string[] {
    return (this.#open === '' ? this.#lines : [...this.#lines, cut(this.#open)]).slice(-this.#size)
  }
}

function cut(line: string): string {
  return line.replace(/\r$/, '').slice(0, maxLineLength)
}
