import type { BugHeader, FatalSignal } from './crash-report.ts'

/** A column of a table may follow the address, but no word of a sentence a signal without one. */
const signalMessage =
  /^(Segmentation fault|Bus Error|Illegal instruction|Aborted)(?: at (?:0x)?([0-9a-f]+)["'\s]*$| at 0x([0-9a-f]+)\s.*$|(?: at)?["'\s]*$)/i
const signals: Readonly<Record<string, FatalSignal>> = {
  'segmentation fault': 'SEGV',
  'bus error': 'BUS',
  'illegal instruction': 'ILL',
  aborted: 'ABRT',
}

/** `rb_bug()` texts of Ruby itself that may stand without a position (gc.c, vm.c, thread.c). */
const rubysOwn =
  /^(?:try to mark T_NONE object|object allocation during garbage collection phase|rb_gc_mark\(\)|unreachable|rb_sys_fail|gc_\w+|vm_\w+|native_mutex|pthread_)/

/** `FILE` of a position: a path, `-e`, `(eval …)`, `<internal:…>` or a bare script name; spaces only in an absolute path. */
const file = String.raw`(?:[A-Za-z]:)?\.{0,2}\/[^:]*|~\/[^:]*|[^\s:/[\]]+(?:\/[^\s:]*)+|-e?|<[^<>]*>|\([\w .:/-]+\)|[\w.+@-]+\.(?:rb|ru|rake|so|bundle)`
const placed = new RegExp(`^(${file}):(\\d+): $`)
const placedInFile = new RegExp(`^(${file}|[\\w.]+): $`)
const compiledOrInternal = /\.(?:so|bundle|dylib|rb)$|^<[^<>]*>$/

/**
 * Whether a line is a `[BUG]` header in exactly the form that Ruby writes (error.c, `bug_report_begin`): position or none at the very
 * start, then `[BUG] `. A message without a position must be one of Ruby's own, so that `[BUG] printer is on fire` in a log is not one.
 */
export function isBugLine(line: string): boolean {
  return readBugLine(line) !== null
}

/** Reads a `[BUG]` header; null where the line is not in Ruby's form. Takes a line without log prefix. */
export function readBugLine(line: string): BugHeader | null {
  const at = line.indexOf('[BUG] ')
  if (at < 0 || at > 400) return null
  const before = line.slice(0, at)
  // Somebody put the whole report on one line: the description of Ruby is none of the message.
  const message = line
    .slice(at + 6)
    .replace(/ +ruby \d+\.\d+\.\d+\S* \(\d{4}-\d\d-\d\d.*$/, '')
    .trimEnd()
    .slice(0, 500)
  if (message === '') return null
  const matched = signalMessage.exec(message)
  const signal = matched?.[1] === undefined ? null : (signals[matched[1].toLowerCase()] ?? null)
  const told = matched?.[2] ?? matched?.[3]
  const address = told === undefined ? null : `0x${told.toLowerCase().replace(/^0+(?=.)/, '')}`
  const found = { message: signal === null ? message : message.replace(/(?<= at 0x[0-9a-f]+)\s.*$|["'\s]+$/i, ''), signal, address }
  if (before === '') return signal !== null || rubysOwn.test(message) ? { ...found, file: null, line: null } : null

  const withLine = placed.exec(before)
  if (withLine?.[1] !== undefined) return { ...found, file: withLine[1], line: Number(withLine[2]) }
  const withoutLine = placedInFile.exec(before)?.[1]
  if (withoutLine !== undefined && (signal !== null || compiledOrInternal.test(withoutLine)))
    return { ...found, file: withoutLine, line: null }
  // The position is cut at 256 bytes, so `[BUG]` may follow a long path directly.
  if (before.length >= 120 && /^(?:\/|<internal:)/.test(before) && !/\s$/.test(before)) return { ...found, file: before, line: null }
  return null
}
