import { readBugLine } from './bug-line.ts'
import type { BugHeader } from './crash-report.ts'

/** A `[BUG]` header in a line, Ruby's own form or behind a prefix that no rule knows; only an `exact` one needs no report below it. */
export function findBugHeader(text: string): { readonly header: BugHeader; readonly exact: boolean } | null {
  const exact = readBugLine(text.trimStart())
  if (exact !== null) return { header: exact, exact: true }
  // Behind a prefix that no rule knows: only a fault message counts, and only if a report follows.
  const cut =
    /(\S+): \[BUG\] (?:Segmentation fault|Bus Error|Illegal instruction|Aborted at|object allocation during|try to mark T_NONE|rb_gc_mark\(\)).*$/.exec(
      text,
    )?.[0] ?? /(?<=\s)\[BUG\] (?:Segmentation fault|Bus Error|Illegal instruction) at 0x.*$/.exec(text)?.[0]
  const header =
    cut === undefined
      ? readUnknownBug(text)
      : (readBugLine(cut.replace(/^.*?["'()]/, '')) ?? readBugLine(cut.slice(Math.max(0, cut.indexOf('/')))))
  return header === null ? null : { header, exact: false }
}

/** `rb_bug()` without a position may say anything: such a line is a header only if a report follows at once. */
function readUnknownBug(text: string): BugHeader | null {
  const message = /^\s*(?:[\w./-]{1,80}: )?\[BUG\] (\S.*?)\s*$/.exec(text)?.[1]
  return message === undefined ? null : { message: message.slice(0, 500), signal: null, address: null, file: null, line: null }
}
