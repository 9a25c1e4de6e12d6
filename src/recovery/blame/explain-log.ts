import type { Finding } from '../../formats/crash-report/crash-report.ts'
import { toEvents, type TroubleEvent } from './event.ts'
import { explain } from './explain.ts'
import type { Evidence } from './evidence.ts'
import type { Explanation } from './explanation.ts'

export interface ExplainedEvent {
  readonly explanation: Explanation
  /** Number of the event's first line, from 1. */
  readonly atLine: number
  /** Timestamp of that line; null where the log has none. */
  readonly loggedAt: string | null
}

export interface ExplainedLog {
  /** The death that matters most: a crash before an abort, a load failure, an exception, a death note; then the commonest kind. */
  readonly main: Explanation
  /** All, in the order of the log; empty where only the exit status tells. */
  readonly events: readonly ExplainedEvent[]
}

/** Explains a whole log, of one process or of many. */
export function explainLog(findings: readonly Finding[], known: Omit<Evidence, 'findings'> = {}): ExplainedLog {
  const events = toEvents(findings)
  const explained = events.map((event) => ({ event, ...explainEvent(event, known) }))
  const counts = Map.groupBy(explained, ({ explanation }) => explanation.kind)
  const ranked = explained.toSorted(
    (a, b) =>
      weightOf(b.event) - weightOf(a.event) ||
      (counts.get(b.explanation.kind)?.length ?? 0) - (counts.get(a.explanation.kind)?.length ?? 0) ||
      a.atLine - b.atLine,
  )
  const first = ranked[0]
  if (first === undefined) return { main: explain({ ...known, findings: [] }), events: [] }
  const rivals = explained.filter(({ event }) => event.main.tag === first.event.main.tag).map(({ explanation }) => explanation)
  return {
    main: doubt(first.explanation, rivals),
    events: explained.map(({ explanation, atLine, loggedAt }) => ({ explanation, atLine, loggedAt })),
  }
}

/** Explains one death of a log. */
export function explainEvent(event: TroubleEvent, known: Omit<Evidence, 'findings'>): ExplainedEvent {
  const findings = inOrder(event)
  return { explanation: explain({ ...known, findings }), atLine: findings[0]?.atLine ?? 1, loggedAt: findings[0]?.loggedAt ?? null }
}

/** Crashes of one log at several places, none of which a C frame names: the sign of a damaged heap, which no single report can pin on anybody. */
function doubt(main: Explanation, all: readonly Explanation[]): Explanation {
  const places = new Set(all.map(({ culprit, summary }) => culprit?.rubyLine ?? summary))
  if (all.length < 3 || places.size < 2 || main.confidence === 'certain' || main.confidence === 'likely') return main
  const named = [...new Set(all.flatMap(({ culprit }) => (culprit?.gem === null || culprit === null ? [] : [culprit.gem])))]
  if (named.length === 1 && all.every(({ culprit }) => culprit?.gem === named[0])) return main
  return {
    ...main,
    culprit: null,
    confidence: 'unknown',
    evidence: [
      `${all.length} crashes strike at ${places.size} different places: the heap was damaged earlier, by code that no single report names`,
      ...main.evidence,
    ],
    alternatives: [...main.alternatives, ...named.map((who) => ({ who, why: 'one of the places; mostly innocent' }))],
  }
}

function weightOf({ main }: TroubleEvent): number {
  switch (main.tag) {
    case 'CrashReport':
      return main.cFrames.length > 0 || main.controlFrames.length > 0 ? 11 : 10
    case 'AbortNote':
      return 8
    case 'LoadFailure':
      return main.why === 'preload-failed' ? 1 : main.why === 'extensions-not-built' ? 5 : 6
    case 'ExceptionNote':
      return 4
    case 'DeathNote':
      return 2
  }
}

function inOrder({ main, others }: TroubleEvent): Finding[] {
  return [main, ...others].toSorted((a, b) => a.atLine - b.atLine)
}
