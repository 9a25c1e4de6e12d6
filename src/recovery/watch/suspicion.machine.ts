import type { Moment, Step } from '../../resilience/moment.ts'

/**
 * Is a run crashing, or does its application log a line that looks like it?
 *
 *     Quiet      ──bug line──► Suspected
 *     Suspected  ──report goes on──► Confirmed   ──due──► Asking
 *     Asking     ──report goes on──► Confirmed   ──no answer──► Suspected   ──it answers──► Dismissed
 *     Dismissed  ──report goes on──► Confirmed   ──bug line──► Suspected    ──due──► Quiet
 *
 * An answer proves little where several processes answer (mode `cluster`) and the writer of the report is starved of the processor.
 */
export type Suspicion =
  | { readonly tag: 'Quiet' }
  | { readonly tag: 'Suspected'; readonly line: string; readonly askAtMs: number }
  | { readonly tag: 'Asking'; readonly line: string }
  /** It answered, and yet the report may go on. */
  | { readonly tag: 'Dismissed'; readonly line: string; readonly untilMs: number }
  | { readonly tag: 'Confirmed' }

export type SuspicionEvent =
  | { readonly tag: 'BugLine'; readonly line: string }
  /** A section header of a crash report. */
  | { readonly tag: 'ReportGoesOn' }
  | { readonly tag: 'Answered' }
  | { readonly tag: 'Unanswered' }
  | { readonly tag: 'Due' }

export type SuspicionEffect =
  | { readonly tag: 'TellSuspected'; readonly line: string }
  | { readonly tag: 'TellConfirmed' }
  | { readonly tag: 'TellDismissed' }
  | { readonly tag: 'AskRun' }

export interface SuspicionPolicy {
  readonly suspicionMs: number
}

/** How late the next line of a report may come after an answer, in milliseconds. */
const latestSectionMs = 30_000

export const quiet: Suspicion = { tag: 'Quiet' }

export function suspicionDueAt(state: Suspicion): number | null {
  if (state.tag === 'Dismissed') return state.untilMs
  return state.tag === 'Suspected' ? state.askAtMs : null
}

export function stepSuspicion(
  state: Suspicion,
  event: SuspicionEvent,
  { nowMs }: Moment,
  policy: SuspicionPolicy,
): Step<Suspicion, SuspicionEffect> {
  if (event.tag === 'ReportGoesOn' && (state.tag === 'Suspected' || state.tag === 'Asking'))
    return become({ tag: 'Confirmed' }, { tag: 'TellConfirmed' })
  if (event.tag === 'BugLine' && (state.tag === 'Quiet' || state.tag === 'Dismissed'))
    return become({ tag: 'Suspected', line: event.line, askAtMs: nowMs + policy.suspicionMs }, { tag: 'TellSuspected', line: event.line })
  switch (state.tag) {
    case 'Quiet':
      return become(state)
    case 'Suspected':
      if (event.tag !== 'Due' || nowMs < state.askAtMs) return become(state)
      return become({ tag: 'Asking', line: state.line }, { tag: 'AskRun' })
    case 'Asking':
      if (event.tag === 'Answered')
        return become({ tag: 'Dismissed', line: state.line, untilMs: nowMs + latestSectionMs }, { tag: 'TellDismissed' })
      if (event.tag === 'Unanswered') return become({ tag: 'Suspected', line: state.line, askAtMs: nowMs + policy.suspicionMs })
      return become(state)
    case 'Dismissed':
      if (event.tag === 'ReportGoesOn')
        return become({ tag: 'Confirmed' }, { tag: 'TellSuspected', line: state.line }, { tag: 'TellConfirmed' })
      return become(event.tag === 'Due' && nowMs >= state.untilMs ? quiet : state)
    case 'Confirmed':
      return become(state)
  }
}

function become(state: Suspicion, ...effects: readonly SuspicionEffect[]): Step<Suspicion, SuspicionEffect> {
  return { state, effects }
}
