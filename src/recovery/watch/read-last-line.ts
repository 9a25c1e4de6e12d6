import { stripVTControlCharacters } from 'node:util'

/** The end of what was written is looked at, in bytes. */
export const lastLineBytes = 4_096

const maxLineUnits = 300

/** The last line with anything in it, a backtrace's `from …` aside, without control characters; null: there is none. */
export function readLastLine(output: Buffer): string | null {
  const text = stripVTControlCharacters(output.subarray(Math.max(0, output.length - lastLineBytes)).toString('utf8'))
  const lines = text.split(/[\r\n]+/).map((line) => line.replace(/\p{Cc}/gu, ' ').trim())
  const last = lines.findLast((line) => line !== '' && !line.startsWith('from '))
  return last === undefined ? null : last.slice(0, maxLineUnits)
}
