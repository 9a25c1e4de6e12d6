import type { Finding } from '../../formats/crash-report/crash-report.ts'
import { nameOf } from './blame.ts'
import type { Confidence, Culprit, TroubleKind } from './explanation.ts'

interface Told {
  readonly kind: TroubleKind
  readonly culprit: Culprit | null
  readonly confidence: Confidence
  readonly main: Finding | null
  /** `by SIGKILL`, `with status 1`, where only the exit tells. */
  readonly exit: string | null
  /** The exception that nobody rescued before it. */
  readonly uncaught: string | null
  /** As `Evidence` has it. */
  readonly lastLine: string | null | undefined
  readonly endedByBezel: boolean
  readonly cause: { readonly title: string } | null
}

const happened: Readonly<Record<TroubleKind, string>> = {
  segfault: 'Ruby crashed',
  abort: 'the process aborted',
  oom: 'the process died for want of memory, or was killed',
  'abi-mismatch': 'an extension was built for another Ruby',
  arch: 'a compiled file is for another machine',
  glibc: 'a compiled file is for another C library',
  'missing-library': 'a shared library is missing',
  'symbol-lookup': 'a function that a compiled file needs is not there',
  'not-built': 'a compiled file of a gem is not there',
  'load-error': 'a file could not be loaded',
  'trap-context': 'a signal handler did what is forbidden there',
  other: 'something went wrong',
}

/** One sentence: what happened, in whom. */
export function summarise(told: Told): string {
  const who = nameOf(told.culprit)
  const place = who === null ? '' : `${preposition(told)} ${who}`
  return `${what(told)}${place}${told.cause === null ? '' : `: ${told.cause.title}`}`
}

function what({ kind, main, exit, uncaught, lastLine, endedByBezel }: Told): string {
  if (main === null && endedByBezel) return 'bezel ended the process'
  if (main === null && exit === null) return 'nothing in this text tells of a crash'
  if (main === null)
    return `the process ended ${exit ?? ''}${uncaught === null ? lastWords(exit ?? '', lastLine) : `, of an exception (${uncaught.slice(0, 160)})`}`
  switch (main.tag) {
    case 'CrashReport':
      return main.header === null ? happened[kind] : `Ruby crashed (${main.header.message})`
    case 'AbortNote':
      return `the process aborted (${main.message.slice(0, 120)})`
    case 'ExceptionNote':
      return `${main.className} (${main.message.slice(0, 120)})`
    case 'DeathNote':
      return main.outOfMemory ? 'the kernel killed the process for memory' : `the process ended by ${main.signal ?? 'a signal'}`
    case 'LoadFailure':
      return happened[kind]
  }
}

/** Of a signal the last line tells nothing: it is what a server at work prints. */
function lastWords(exit: string, lastLine: string | null | undefined): string {
  if (lastLine === null) return ', without a word'
  return lastLine === undefined || exit.startsWith('by ')
    ? ', and nothing that it printed tells why'
    : `; its last line: ${lastLine.slice(0, 160)}`
}

function preposition({ confidence, main }: Told): string {
  if (main?.tag === 'LoadFailure') return ' —'
  return confidence === 'certain' ? ' in' : confidence === 'likely' ? ', most likely in' : ', perhaps in'
}
