import type { Abandoned } from '../part.ts'
import type { Moment, Step } from '../resilience/moment.ts'

/**
 * The way down, once and in order.
 *
 *     Running ──first signal, or asked──► Stopping(phase 0) ──ended, or late──► … ──► Ended
 *                                             │  second signal: at once            ▲
 *                                             └──────────────── deadline ──────────┘
 */
export type Shutdown =
  /** `forceAtMs`: when everything is killed although nobody asked to stop in order; null: never. */
  | { readonly tag: 'Running'; readonly forceAtMs: number | null }
  | {
      readonly tag: 'Stopping'
      readonly phase: number
      readonly phaseEndMs: number
      readonly endMs: number
      /** The exit code if nothing is cut off. */
      readonly code: number
      readonly abandoned: Abandoned
    }
  | { readonly tag: 'Ended'; readonly code: number }

export type ShutdownEvent =
  | { readonly tag: 'Signalled'; readonly signal: 'SIGTERM' | 'SIGINT' }
  /** Something inside asks to stop, with the exit code that says why. */
  | { readonly tag: 'Asked'; readonly code: number }
  /** Ends by force at this instant, whatever happens until then; an earlier one stands. */
  | { readonly tag: 'ForceArmed'; readonly atMs: number }
  | { readonly tag: 'PhaseEnded'; readonly phase: number; readonly abandoned: Abandoned }
  | { readonly tag: 'Due' }

export type ShutdownEffect =
  | { readonly tag: 'RunPhase'; readonly phase: number; readonly deadlineMs: number }
  | { readonly tag: 'KillEverything' }
  | { readonly tag: 'Exit'; readonly code: number; readonly abandoned: Abandoned }

export interface ShutdownPolicy {
  readonly deadlineMs: number
  readonly phases: readonly { readonly atMostMs: number; readonly reservedMs: number }[]
}

/** Exit code of a process that a second signal ended: 128 + its number (POSIX shells). */
const codeOfSignal = { SIGINT: 130, SIGTERM: 143 } as const

/** DESIGN §6: stopped at the deadline, something was cut off. */
const codeCut = 75

const nothing: Abandoned = { requests: 0, transactions: 0, processes: 0 }

export const running: Shutdown = { tag: 'Running', forceAtMs: null }

export function shutdownDueAt(state: Shutdown): number | null {
  if (state.tag === 'Stopping') return Math.min(state.phaseEndMs, state.endMs)
  return state.tag === 'Running' ? state.forceAtMs : null
}

export function stepShutdown(
  state: Shutdown,
  event: ShutdownEvent,
  { nowMs }: Moment,
  policy: ShutdownPolicy,
): Step<Shutdown, ShutdownEffect> {
  switch (state.tag) {
    case 'Running': {
      if (event.tag === 'ForceArmed') return { state: { ...state, forceAtMs: earlier(state.forceAtMs, event.atMs) }, effects: [] }
      if (event.tag === 'Due' && state.forceAtMs !== null && nowMs >= state.forceAtMs) return end(codeCut, nothing, 'by force')
      if (event.tag !== 'Signalled' && event.tag !== 'Asked') return { state, effects: [] }
      const endMs = earlier(state.forceAtMs, nowMs + policy.deadlineMs)
      return enter(0, { endMs, code: event.tag === 'Asked' ? event.code : 0, abandoned: nothing }, nowMs, policy)
    }

    case 'Stopping':
      if (event.tag === 'ForceArmed') return { state: { ...state, endMs: earlier(state.endMs, event.atMs) }, effects: [] }
      if (event.tag === 'Signalled') return end(codeOfSignal[event.signal], state.abandoned, 'by force')
      if (event.tag === 'PhaseEnded' && event.phase === state.phase) {
        return enter(state.phase + 1, { ...state, abandoned: sum(state.abandoned, event.abandoned) }, nowMs, policy)
      }
      if (event.tag !== 'Due') return { state, effects: [] }
      if (nowMs >= state.endMs) return end(codeCut, state.abandoned, 'by force')
      // What a late phase would have said is unknown: something is taken as cut.
      if (nowMs >= state.phaseEndMs)
        return enter(state.phase + 1, { ...state, abandoned: sum(state.abandoned, { ...nothing, processes: 1 }) }, nowMs, policy)
      return { state, effects: [] }

    case 'Ended':
      return { state, effects: [] }
  }
}

interface Progress {
  readonly endMs: number
  readonly code: number
  readonly abandoned: Abandoned
}

function enter(phase: number, { endMs, code, abandoned }: Progress, nowMs: number, policy: ShutdownPolicy): Step<Shutdown, ShutdownEffect> {
  const bounds = policy.phases[phase]
  if (bounds === undefined) {
    const cut = abandoned.requests + abandoned.transactions + abandoned.processes > 0
    return end(cut && code === 0 ? codeCut : code, abandoned, 'in peace')
  }
  const phaseEndMs = Math.max(nowMs, Math.min(nowMs + bounds.atMostMs, endMs - reservedAfter(phase, policy)))
  return {
    state: { tag: 'Stopping', phase, phaseEndMs, endMs, code, abandoned },
    effects: [{ tag: 'RunPhase', phase, deadlineMs: phaseEndMs }],
  }
}

/** What the phases after this one reserve; of a short deadline all of them together get at most half. */
function reservedAfter(phase: number, { phases, deadlineMs }: ShutdownPolicy): number {
  const sum = (from: number) => phases.slice(from).reduce((total, { reservedMs }) => total + reservedMs, 0)
  return sum(phase + 1) * Math.min(1, deadlineMs / 2 / Math.max(1, sum(0)))
}

function end(code: number, abandoned: Abandoned, how: 'in peace' | 'by force'): Step<Shutdown, ShutdownEffect> {
  const exit: ShutdownEffect = { tag: 'Exit', code, abandoned }
  return { state: { tag: 'Ended', code }, effects: how === 'by force' ? [{ tag: 'KillEverything' }, exit] : [exit] }
}

function earlier(a: number | null, b: number): number {
  return a === null ? b : Math.min(a, b)
}

function sum(a: Abandoned, b: Abandoned): Abandoned {
  return { requests: a.requests + b.requests, transactions: a.transactions + b.transactions, processes: a.processes + b.processes }
}
