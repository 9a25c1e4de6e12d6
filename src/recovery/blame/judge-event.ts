import type { Finding } from '../../formats/crash-report/crash-report.ts'
import type { ExitStatus, RunEnd } from '../../events/workers.ts'
import { blameLoadFailure } from './blame-load-failure.ts'
import { blameAbort, blameDeath, blameException, kindOfSignal } from './blame-note.ts'
import { blameReport } from './blame-report.ts'
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
      const calledBug = main.header !== null && main.header.signal === null && main.format === 'ruby'
      const kind = calledBug || (aborted && main.header === null) ? 'abort' : 'segfault'
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
      const short = main.className === 'NoMemoryError' && evidence.memoryLimited === true
      return short
        ? { ...blame, kind: 'oom', report: null, evidence: [...blame.evidence, 'the process ran under a memory limit'] }
        : { ...blame, report: null }
    }
    case 'DeathNote':
      return endedByBezel(evidence.endedFor ?? null) ? judgeExit(evidence) : { ...blameDeath(main), report: null }
  }
}

/** A death without a word: only the exit status, and whether bezel itself ended the run. */
export function judgeExit({ exitStatus, endedFor = null }: Evidence): Judged {
  const silent = { culprit: null, alternatives: [], report: null }
  const exit = exitStatus ?? null
  const signal = signalOf(exit)
  if (endedByBezel(endedFor)) {
    const kind: TroubleKind = endedFor === 'memory' ? 'oom' : 'other'
    return { ...silent, kind, confidence: 'certain', evidence: [`bezel ended this run itself: ${endedFor ?? ''}`] }
  }
  if (signal !== null)
    return {
      ...silent,
      kind: kindOfSignal(signal),
      confidence: 'unknown',
      evidence: [`it ended by ${signal} and printed nothing that tells why`],
    }
  const code = exit?.code ?? null
  return {
    ...silent,
    kind: 'other',
    confidence: 'unknown',
    evidence: [code === null ? 'nothing in this text tells of a crash' : `it ended with status ${code} and printed nothing that tells why`],
  }
}

/** Exceptions and load errors end a process with a status of its own choice; a signal came from elsewhere. */
export function contradicts(main: Finding, { exitStatus, endedFor }: Evidence): boolean {
  const signal = signalOf(exitStatus ?? null)
  const mild = main.tag === 'ExceptionNote' || main.tag === 'LoadFailure'
  const outOfMemory = main.tag === 'ExceptionNote' && /failed to allocate memory|Cannot allocate memory/.test(main.message)
  return mild && !outOfMemory && (signal !== null || endedByBezel(endedFor ?? null))
}

function endedByBezel(endedFor: RunEnd | null): boolean {
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
