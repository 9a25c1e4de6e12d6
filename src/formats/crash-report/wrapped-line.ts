import { readBugLine } from './bug-line.ts'
import type { CFrame } from './crash-report.ts'
import { readCFrame } from './report-lines.ts'

/** A path is broken only by a column; shorter lines ended by themselves. */
const shortestFullLine = 60

/**
 * A `[BUG]` header with the position that mail or a terminal left on the line before, at a blank or in the middle of the path; null where
 * the line before is none of it.
 */
export function joinHeader(previous: string, text: string): string | null {
  const at = text.indexOf('[BUG]')
  const before = previous.trimEnd()
  if (at < 0 || before === '') return null
  if (text.slice(0, at).trim() === '') return /^\S.*(?:\.\w+|[)>]):(?:\d+:)?$/.test(before) ? `${before} ${text.trimStart()}` : null
  const rest = text.trimStart()
  const file = readBugLine(rest)?.file ?? null
  if (file === null || /^(?:[/<~(]|-e|[A-Za-z]:)/.test(file)) return null
  return before.length >= shortestFullLine && /^(?:\/|~\/|[A-Za-z]:\/)\S+$/.test(before) ? before + rest : null
}

/** `LIBRARY`, `LIBRARY(SYMBOL`, `LIBRARY(SYMBOL+0x1) [0x7f`: a C frame whose end is missing. */
const fragment = /^(?:\/|[A-Za-z]:\/)(?:[^\s()]*|[^()]*\([^()\s]*(?:\) *(?:\[(?:0x[0-9a-f]*)?)?)?)$/
const longestFragment = 1_024

/** Puts C frames together that were broken over two lines, at a blank or at a column. */
export class WrappedFrame {
  #begun = ''

  /** A beginning that nothing has continued, as a cut frame. */
  get cut(): CFrame | null {
    return this.#begun === '' ? null : readCFrame(this.#begun, true)
  }

  /** The frame that this line ends, `held` for a line that begins one, null for any other. */
  take(line: string): CFrame | 'held' | null {
    const text = line.trim()
    const begun = this.#begun
    this.#begun = ''
    if (begun !== '' && !text.startsWith('/')) {
      const frame = readCFrame(begun + text, false) ?? readCFrame(`${begun} ${text}`, false)
      if (frame !== null) return frame
    }
    const frame = readCFrame(text, false)
    if (frame !== null) return frame
    if (begun !== '' && text.startsWith('/')) {
      const joined = readCFrame(begun + text, false)
      if (joined !== null) return joined
    }
    if (text.length > longestFragment || !fragment.test(text) || /:\d+$/.test(text)) return null
    this.#begun = text
    return 'held'
  }
}
