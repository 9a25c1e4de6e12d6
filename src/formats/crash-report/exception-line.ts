import type { RubyFrame } from './crash-report.ts'
import { lastPath } from './report-lines.ts'

export interface ExceptionLine {
  readonly className: string
  readonly message: string
  readonly frame: RubyFrame | null
}

/** `FILE:LINE:in 'method': MESSAGE (Class)`, `Class: MESSAGE`, `#<Class: MESSAGE>`, `Class (MESSAGE):`. */
const placed = /^(.+?):(\d+):in [`'](.*?)['’]: (.*)$/
const atTop = /^(.+?\.\w+|-e|ruby|\S+):(?:(\d+):)? (.*)$/
const classAtEnd = /^(.*?) \((?:unhandled exception: )?([A-Z]\w*(?:::\w+)*)\)\s*$/
const classFirst =
  /^(?:#<)?((?:[A-Z]\w*::)+(?:Error|Exception)|(?:[A-Z]\w*::)*[A-Z]\w*(?:Error|Exception|Bad|ToSend|Hash|Limit\w*)): (.*?)>?\s*$/
/** `iodine_caller.c` of iodine 0.7, before what it prints of an exception that an application let through. */
const iodineIntroduction = /^Iodine caught an unprotected exception - /
const railsForm = /^((?:[A-Z]\w*::)*[A-Z]\w*) \((.*)\):\s*$/

/**
 * Messages worth reading: those that name a root cause of `data/known-causes`. Everything else is the application's own business.
 * Kept as one expression because it is tried on each line of a log.
 */
const interesting =
  /can't be called from trap context|log writing failed\.|stack level too deep|SystemStackError|machine stack overflow in critical region|can't create Thread|Ractor::|[Rr]actor unsafe|non-main [Rr]actor|failed to allocate memory|Cannot allocate memory|bad record mac|SSL SYSCALL error|server closed the connection unexpectedly|SSL connection has been closed unexpectedly|lost synchronization with server|message contents do not agree|another command is already in progress|can't get socket descriptor|arrived from server while idle|unexpected field count|insufficient data in |invalid bytecode|called on (?:terminated|hidden) |BCrypt::Errors::InvalidHash|opened in a forked|inherited from a forked process|Packets out of order|Commands out of sync|InheritedError|PQconsumeInput\(\) SSL error|Lost connection to MySQL|unable to fork|NoMemoryError/

export function readExceptionLine(text: string): ExceptionLine | null {
  if (!interesting.test(text)) return null
  // Pry and guard print the position behind the message.
  const behind = / at (\S+):(\d+):in [`'](.*?)['’]\s*$/.exec(text)
  if (behind?.[1] === undefined) return readPlain(text.trim())
  const told = readPlain(text.slice(0, behind.index).trim())
  return told === null ? null : { ...told, frame: told.frame ?? { file: behind[1], line: Number(behind[2]), method: behind[3] ?? '' } }
}

function readPlain(line: string): ExceptionLine | null {
  let frame: RubyFrame | null = null
  let rest = line.replace(iodineIntroduction, '')
  const inMethod = placed.exec(line)
  if (inMethod?.[1] !== undefined) {
    frame = { file: lastPath(inMethod[1]), line: Number(inMethod[2]), method: inMethod[3] ?? '' }
    rest = inMethod[4] ?? ''
  } else {
    const top = classFirst.test(rest) ? null : atTop.exec(rest)
    if (top?.[1] !== undefined && /[./]|^-e$|^ruby$/.test(top[1]) && !/\s/.test(top[1])) {
      if (top[2] !== undefined) frame = { file: top[1], line: Number(top[2]), method: '' }
      rest = top[3] ?? ''
    }
  }
  const ended = classAtEnd.exec(rest)
  if (ended?.[2] !== undefined) return { className: ended[2], message: cap(ended[1]), frame }
  const begun = classFirst.exec(rest) ?? railsForm.exec(rest)
  if (begun?.[1] !== undefined) return { className: begun[1], message: cap(begun[2]), frame }
  if (frame !== null || speaksForItself.test(rest)) return { className: guessClass(rest), message: cap(rest), frame }
  return null
}

/** Texts that only Ruby or libpq write, so that no class name is needed beside them. */
const speaksForItself =
  /can't be called from trap context|log writing failed|^\[FATAL\] failed to allocate memory|stack level too deep|machine stack overflow in critical region|can't create Thread|unsafe method called from not main ractor|SSL error: [^]*bad record mac|SSL SYSCALL error|server closed the connection unexpectedly|SSL connection has been closed unexpectedly|arrived from server while idle|Cannot allocate memory - fork/

function guessClass(message: string): string {
  if (message.includes('trap context')) return 'ThreadError'
  if (message.startsWith('[FATAL]') || message.includes('machine stack overflow')) return 'fatal'
  if (message.includes('stack level too deep')) return 'SystemStackError'
  if (message.includes("can't create Thread")) return 'ThreadError'
  if (message.includes('ractor')) return 'Ractor::UnsafeError'
  if (message.includes('failed to allocate memory')) return 'NoMemoryError'
  return /SSL|server closed|from server/.test(message) ? 'PG::ConnectionBad' : 'StandardError'
}

function cap(text: string | undefined): string {
  return (text ?? '').slice(0, 500)
}
