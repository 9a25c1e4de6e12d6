import { readBugLine } from './bug-line.ts'
import { stripAnsi, stripPrefix, type BareLine } from './log-prefix.ts'

/** A path is broken only by a column; shorter lines ended by themselves. */
const shortestFullLine = 60

/**
 * A `[BUG]` header with the position that mail or a terminal left on the line before, at a blank or in the middle of the path; null where
 * the line before is none of it.
 */
function joinHeader(previous: string, text: string): string | null {
  const at = text.indexOf('[BUG]')
  const before = previous.trimEnd()
  if (at < 0 || before === '') return null
  if (text.slice(0, at).trim() === '') return /^\S.*(?:\.\w+|[)>]):(?:\d+:)?$/.test(before) ? `${before} ${text.trimStart()}` : null
  const rest = text.trimStart()
  const file = readBugLine(rest)?.file ?? null
  if (file === null || /^(?:[/<~(]|-e|[A-Za-z]:)/.test(file)) return null
  return before.length >= shortestFullLine && /^(?:\/|~\/|[A-Za-z]:\/)\S+$/.test(before) ? before + rest : null
}

/**
 * Puts a `[BUG]` header together. Ruby writes its report in pieces; a collector that takes each write for a line puts the message below its
 * `[BUG]`, and mail or a terminal leaves the position above it.
 */
export class HeaderMender {
  /** A `[BUG]` whose message has not come. */
  #torn: { readonly text: string; readonly atLine: number } | null = null

  get torn(): boolean {
    return this.#torn !== null
  }

  /** The line with what belongs to it; `previous` is the raw line before. */
  mend({ source, text }: BareLine, previous: string, atLine: number): BareLine {
    const torn = this.#torn !== null && this.#torn.atLine === atLine - 1 ? this.#torn.text : null
    const before = stripPrefix(stripAnsi(previous))
    const joined = joinHeader(before.text, text)
    const whole = joined ?? text
    this.#torn = /\[BUG\]\s*$/.test(text) ? { text: whole.trimEnd(), atLine } : null
    if (torn !== null && !text.includes('[BUG]')) return { source, text: `${torn} ${text.trim()}` }
    // What a terminal broke off has lost the prefix.
    return { source: joined !== null && source === '' ? before.source : source, text: whole }
  }
}
