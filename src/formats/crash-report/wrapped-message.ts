import { readAbortLine } from './abort-line.ts'
import { readDeathLine } from './death-line.ts'
import { readExceptionLine } from './exception-line.ts'
import { readLoadFailureLine } from './load-failure-line.ts'
import { readBacktraceLine } from './report-lines.ts'

/** Narrower terminals are rare, and short lines of one length are common. */
const narrowest = 72
const mostPieces = 6
/** Words of loaders, whose messages are long enough to be broken twice. */
const loaders = /shared object|undefined symbol|ELF |ncompatible |cannot load such|dlopen\(|ibrary not|static TLS/

/**
 * Puts a message together that a terminal broke at its last column: a line as long as the one before it, which tells nothing by itself,
 * is held until a shorter one ends it.
 */
export class WrappedMessage {
  #held = ''
  #width = 0
  #pieces = 0

  get holding(): boolean {
    return this.#held !== ''
  }

  /** What is held at the end of the log. */
  end(): string {
    const held = this.#held
    this.#held = ''
    return held
  }

  /** The text to read now; null while the end is missing. */
  take(line: string, previous: string): string | null {
    if (this.#held === '') {
      if (line.length < narrowest || line.length !== previous.length || line === previous || !loaders.test(line) || tells(line)) return line
      this.#held = previous + line
      this.#width = line.length
      this.#pieces = 2
      return null
    }
    const whole = this.#held + line
    if (line.length === this.#width && this.#pieces < mostPieces && !tells(line)) {
      this.#held = whole
      this.#pieces += 1
      return null
    }
    this.#held = ''
    return !tells(line) && !line.includes('[BUG]') && tells(whole) ? whole : line
  }
}

function tells(line: string): boolean {
  return [readLoadFailureLine, readAbortLine, readExceptionLine, readDeathLine, readBacktraceLine].some((read) => read(line) !== null)
}
