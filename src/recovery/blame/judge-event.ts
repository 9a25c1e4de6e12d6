import type { CrashReport, Finding } from '../../formats/crash-report/crash-report.ts'
import type { ExitStatus, RunEnd } from '../../events/workers.ts'
import { blameLoadFailure } from './blame-load-failure.ts'
import { blameAbort, blameDeath, blameException, kindOfSignal } from './blame-note.ts'
import { blameReport } from './blame-report.ts'
import { readCrashSite } from './crash-site.ts'
import type { TroubleEvent } from './event.ts'
import type { Evidence, Judged } from './evidence.ts'
import type { TroubleKind } from './explanation.ts'

/** Blames by the event's weightiest finding; the others may change its kind. */
export function judgeEvent(event: TroubleEvent, evidence: Evidence): Judged {
  const { main } = event
  switch (main.tag) {
    case 'CrashReport': {
      const report = blameReport(main)
      const aborted = event.others.some((other) => other.tag === 'AbortNote')
      const kind = calledAbort(main) || (aborted && main.header === null) ? 'abort' : 'segfault'
      return { ...report, kind, report }
    }
    case 'LoadFailure':
      return { ...blameLoadFailure(main), report: null }
    case 'AbortNote': {
      const aborted = event.others.some((other) => other.tag === 'DeathNote' && other.signal === 'SIGABRT')
      const blame = blameAbort(main)
      return { ...blame, kind: aborted ? 'abort' : blame.kind, report: null }
    }
    case 'ExceptionNote': {
      const blame = blameException(main)
      const limit = /allocate memory/.test(main.message) ? (evidence.memoryLimit ?? null) : null
      return limit === null
        ? { ...blame, report: null }
        : { ...blame, kind: 'oom', report: null, evidence: [...blame.evidence, `the process ran under a memory limit: ${limit}`] }
    }
    case 'DeathNote':
      return endedByBezel(evidence.endedFor ?? null) ? judgeExit(evidence) : { ...blameDeath(main), report: null }
  }
}

/** `rb_bug()` and abort(), as opposed to a signal that the processor raised. */
function calledAbort(report: CrashReport): boolean {
  const { header, format, cFrames } = report
  const names = cFrames.slice(0, 24).flatMap(({ symbol }) => (symbol === null ? [] : [symbol.replace(/^_+/, '')]))
  const handled = names.some((name) => /^(?:sig(?:segv|bus|ill)|rb_bug_(?:context|for_fatal_signal))$/.test(name))
  const faulted = handled || (header === null && readCrashSite(report).found === 'trampoline')
  // Ruby ends a fault by abort() too, which Apple's reporter then tells.
  if (format === 'apple') return header !== null && header.message.startsWith('EXC_CRASH (SIGABRT)') && !faulted
  if (header !== null) return header.signal === null || header.signal === 'ABRT'
  const aborting = names.slice(0, 4).some((name) => /^(?:raise|gsignal|abort|pthread_kill\w*)$/.test(name))
  return !faulted && (aborting || names.some((name) => /^rb_(?:bug|assert_failure)\w*$/.test(name)))
}

/** A death without a word: only the exit status, and whether bezel or the kernel's memory killer ended the run. */
export function judgeExit({
  exitStatus,
  endedFor = null,
  oomKilled = null,
  lastRssMb = null,
  uncaught = null,
  lastLine = null,
}: Evidence): Judged {
  const silent = { culprit: null, alternatives: [], report: null }
  const exit = exitStatus ?? null
  const signal = signalOf(exit)
  const used = lastRssMb === null ? [] : [`its last sample of memory was ${Math.round(lastRssMb)} MB`]
  if (endedByBezel(endedFor)) {
    const kind: TroubleKind = endedFor === 'memory' ? 'oom' : 'other'
    return { ...silent, kind, confidence: 'certain', evidence: [`bezel ended this run itself: ${endedFor ?? ''}`, ...used] }
  }
  const silently = signal === null ? '' : `it ended by ${signal} and printed nothing that tells why`
  if (signal === 'SIGKILL' && oomKilled !== null) {
    const counted = `the kernel's memory killer ended ${oomKilled ? 'a process' : 'nothing'} in its control group at that time`
    return { ...silent, kind: oomKilled ? 'oom' : 'other', confidence: 'likely', evidence: [silently, counted, ...used] }
  }
  if (signal !== null) return { ...silent, kind: kindOfSignal(signal), confidence: 'unknown', evidence: [silently, ...used] }
  const code = exit?.code ?? null
  const printed = lastLine === null ? ' and printed nothing that tells why' : `; the last line that it printed: ${lastLine}`
  const last = uncaught === null ? printed : ` after an exception that nobody rescued: ${uncaught}`
  return {
    ...silent,
    kind: 'other',
    confidence: 'unknown',
    evidence: [code === null ? 'nothing in this text tells of a crash' : `it ended with status ${code}${last}`],
  }
}

/** What known causes may ask for about a death without a word. */
export function traitsOfExit({ exitStatus, endedFor = null, oomKilled = null }: Evidence): readonly string[] {
  if (endedByBezel(endedFor)) return [`ended-for-${endedFor ?? ''}`]
  if (signalOf(exitStatus ?? null) !== 'SIGKILL' || oomKilled === null) return []
  return [oomKilled ? 'oom-killed' : 'killed-from-outside']
}

/** Exceptions and load errors end a process with a status of its own choice; a signal came from elsewhere. */
export function contradicts(main: Finding, { exitStatus, endedFor }: Evidence): boolean {
  const signal = signalOf(exitStatus ?? null)
  const mild = main.tag === 'ExceptionNote' || main.tag === 'LoadFailure'
  const outOfMemory = main.tag === 'ExceptionNote' && /failed to allocate memory|Cannot allocate memory/.test(main.message)
  return mild && !outOfMemory && (signal !== null || endedByBezel(endedFor ?? null))
}

/** Whether bezel sent the last signal. */
export function endedByBezel(endedFor: RunEnd | null): boolean {
  return endedFor !== null && endedFor !== 'crashed' && endedFor !== 'start-failed'
}

/** Shells and containers report a signal N as status 128 + N. */
export function signalOf(exit: ExitStatus | null): string | null {
  if (exit === null) return null
  if (exit.signal !== null) return exit.signal
  const names: Readonly<Record<number, string>> = {
    132: 'SIGILL',
    133: 'SIGTRAP',
    134: 'SIGABRT',
    135: 'SIGBUS',
    136: 'SIGFPE',
    137: 'SIGKILL',
    138: 'SIGBUS',
    139: 'SIGSEGV',
  }
  return exit.code === null ? null : (names[exit.code] ?? null)
}
