import { readStatements } from './read-statements.ts'
import type { Statement } from './statement.ts'

/** Shorter texts are read again faster than they are found. */
const minBytes = 128
/** Longer ones are seldom the same twice. */
const maxBytes = 4_096
/** At most 8 MB of texts; a power of two. */
const slots = 2_048

interface Entry {
  readonly text: Buffer
  readonly statements: readonly Statement[]
}

/** What texts mean, for all sessions of a process: a distinct text is read once, until another one takes its place. */
export class ReadingCache {
  #entries: (Entry | undefined)[] = Array.from({ length: slots })

  read(bytes: Buffer, start: number, end: number, standardStrings: boolean): readonly Statement[] {
    const length = end - start
    if (length < minBytes || length > maxBytes || !standardStrings) return readStatements(bytes, start, end, standardStrings)
    const slot = hash(bytes, start, end) & (slots - 1)
    const entry = this.#entries[slot]
    if (entry !== undefined && entry.text.length === length && entry.text.compare(bytes, start, end) === 0) return entry.statements
    const statements = readStatements(bytes, start, end, true)
    this.#entries[slot] = { text: Buffer.from(bytes.subarray(start, end)), statements }
    return statements
  }
}

/** FNV-1a of about 40 bytes, spread over the text, and of its end, where most texts differ. */
function hash(bytes: Buffer, start: number, end: number): number {
  const stride = Math.max(1, (end - start) >> 5)
  let value = 0x811c9dc5 ^ (end - start)
  for (let at = start; at < end; at += stride) value = Math.imul(value ^ bytes[at]!, 0x01000193)
  for (let at = end - 8; at < end; at += 1) value = Math.imul(value ^ bytes[at]!, 0x01000193)
  return value ^ (value >>> 15)
}
