import { readStatements } from './read-statements.ts'
import type { Statement } from './statement.ts'

/** Texts shorter than this are read again faster than they are found. */
const minCachedBytes = 192
/** Longer ones are seldom the same twice. */
const maxCachedBytes = 4_096
/** Of each of two generations: at most 4 MB of texts. */
const maxEntries = 500

/** What texts mean, for all sessions of a process: each distinct text is read once, as long as it keeps coming. */
export class ReadingCache {
  #young = new Map<string, readonly Statement[]>()
  #old = new Map<string, readonly Statement[]>()

  read(bytes: Buffer, start: number, end: number, standardStrings: boolean): readonly Statement[] {
    const length = end - start
    if (length < minCachedBytes || length > maxCachedBytes || !standardStrings) return readStatements(bytes, start, end, standardStrings)
    const text = bytes.toString('latin1', start, end)
    const young = this.#young.get(text)
    if (young !== undefined) return young
    const statements = this.#old.get(text) ?? readStatements(bytes, start, end, true)
    if (this.#young.size === maxEntries) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(text, statements)
    return statements
  }
}
