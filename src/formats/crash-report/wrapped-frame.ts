import type { CFrame } from './crash-report.ts'
import { readCFrame } from './report-lines.ts'

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
