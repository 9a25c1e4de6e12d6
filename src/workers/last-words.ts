/** Longest line kept, in characters. */
const maxLineLength = 500

/** Of the lines that tell an error, the first ones: what follows is often its consequence. */
const maxErrors = 3

/** A frame of a backtrace of Ruby, Python or JavaScript: where, but not what. Ruby's first frame has the message behind it, and stays. */
const frame =
  /^\s*(?:from )?[^\s:][^:]*:\d+:in [`'][^'`]*'$|^\s+(?:from .*|File ".*", line \d+.*|at .*:\d+.*)$|^Traceback \(most recent call last\):$/

const error = /error|exception|could not|can ?not|can't|unable|fail|fatal|\[BUG\]|no such|not found|denied|refused|in use|missing/i

/**
 * What one run said before it ended: the first lines that tell an error, then the last lines, frames of backtraces left out.
 * Bounded in number and length; what is not valid UTF-8 is replaced.
 */
export class LastWords {
  readonly #size: number
  #errors: string[] = []
  #last: string[] = []
  #open = ''
  #inFrames = false

  /** `size`: lines kept in all. */
  constructor(size: number) {
    this.#size = size
  }

  push(chunk: Buffer): void {
    const lines = (this.#open + chunk.toString('utf8')).split('\n')
    this.#open = (lines.pop() ?? '').slice(0, maxLineLength)
    for (const line of lines) this.#add(line)
  }

  /** Each line once, oldest first. */
  read(): string[] {
    const open = cut(this.#open)
    const last = open === '' ? this.#last : [...this.#last, open]
    const errors = this.#errors.filter((line) => !last.slice(-this.#size).includes(line)).slice(0, this.#size - 1)
    return [...errors, ...last.slice(errors.length - this.#size)]
  }

  #add(whole: string): void {
    const line = cut(whole)
    if (line.trim() === '') return
    // Python quotes the source below each frame.
    this.#inFrames = frame.test(line) || (this.#inFrames && /^\s/.test(line))
    if (this.#inFrames) return
    if (this.#errors.length < maxErrors && error.test(line) && !this.#errors.includes(line)) this.#errors.push(line)
    this.#last = [...this.#last.filter((each) => each !== line), line].slice(-this.#size)
  }
}

function cut(line: string): string {
  return line.replace(/\r$/, '').slice(0, maxLineLength)
}
