import type { Moment, Step } from '../../resilience/moment.ts'

/**
 * Is a run crashing, or does its application log a line that looks like it?
 *
 *     Quiet ──bug line──► Suspected ──report goes on──► Confirmed
 *       ▲                     │ due
 *       └──── it answers ── Asking ──no answer──► Suspected
 */
export type Suspicion =
  | { readonly tag: 'Quiet' }
  | { readonly tag: 'Suspected'; readonly line: string; readonly askAtMs: number }
  | { readonly tag: 'Asking'; readonly line: string }
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

export const quiet: Suspicion = { tag: 'Quiet' }

export function suspicionDueAt(state: Suspicion): number | null {
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
  switch (state.tag) {
    case 'Quiet':
      if (event.tag !== 'BugLine') return become(state)
      return become({ tag: 'Suspected', line: event.line, askAtMs: nowMs + policy.suspicionMs }, { tag: 'TellSuspected', line: event.line })
    case 'Suspected':
      if (event.tag !== 'Due' || nowMs < state.askAtMs) return become(state)
      return become({ tag: 'Asking', line: state.line }, { tag: 'AskRun' })
    case 'Asking':
      if (event.tag === 'Answered') return become(quiet, { tag: 'TellDismissed' })
      if (event.tag === 'Unanswered') return become({ tag: 'Suspected', line: state.line, askAtMs: nowMs + policy.suspicionMs })
      return become(state)
    case 'Confirmed':
      return become(state)
  }
}

function become(state: Suspicion, ...effects: readonly SuspicionEffect[]): Step<Suspicion, SuspicionEffect> {
  return { state, effects }
}
