import type { MalformedLock } from './gemfile-lock.ts'

/** Real locks of the largest applications stay below 200 KB. */
const maxCharacters = 2 * 1024 * 1024
const maxLineCharacters = 8_192
const conflictMarker = /^(?:<{7}|={7}|>{7}|\|{7})(?: |$)/

export interface LockLine {
  /** Counted from 1. */
  readonly number: number
  readonly text: string
}

export interface LockSection {
  readonly name: string
  readonly lines: readonly LockLine[]
}

/** Cuts a lock into its sections: a name in capitals at the margin, indented lines below it. */
export function splitSections(text: string): readonly LockSection[] | MalformedLock {
  if (text.length > maxCharacters) return malformed(1, `longer than ${maxCharacters} characters`)
  const sections: { name: string; lines: LockLine[] }[] = []
  const lines = text.replace(/^\uFEFF/, '').split('\n')
  for (const [index, raw] of lines.entries()) {
    const line = raw.trimEnd()
    const number = index + 1
    if (line === '') continue
    if (line.length > maxLineCharacters) return malformed(number, `a line of ${line.length} characters`)
    if (line.includes('\0')) return malformed(number, 'a NUL character: not a text file')
    if (conflictMarker.test(line)) return malformed(number, 'a merge conflict marker: resolve the conflict first')
    if (line.startsWith(' ')) {
      const open = sections.at(-1)
      if (open === undefined) return malformed(number, 'an indented line before the first section')
      open.lines.push({ number, text: line })
    } else if (/^[A-Z][A-Z ]*$/.test(line)) sections.push({ name: line, lines: [] })
    else return malformed(number, `no section is named ${JSON.stringify(line.slice(0, 60))}`)
  }
  return sections
}

export function malformed(line: number, why: string): MalformedLock {
  return { tag: 'Malformed', line, why }
}
