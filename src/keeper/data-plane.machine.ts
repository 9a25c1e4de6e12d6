import { backoffMs, type BackoffPolicy } from '../resilience/backoff.ts'
import type { Moment, Step } from '../resilience/moment.ts'

/**
 * The data plane's processes, one after the other.
 *
 *     Idle ──Start──► Running(era) ──died──► Waiting ──due──► Running(era + 1)
 *                        │ Stop                 │ Stop
 *                        └──────► Ended ◄───────┘
 *
 * A first death is answered at once: connects wait in the backlog meanwhile. Only one that dies young again and again waits.
 */
export type DataPlaneLife =
  | { readonly tag: 'Idle' }
  | { readonly tag: 'Running'; readonly era: number; readonly sinceMs: number; readonly youngDeaths: number }
  | { readonly tag: 'Waiting'; readonly era: number; readonly untilMs: number; readonly youngDeaths: number }
  | { readonly tag: 'Ended' }

export type DataPlaneLifeEvent =
  | { readonly tag: 'Start' }
  | { readonly tag: 'Died'; readonly era: number }
  | { readonly tag: 'Stop' }
  | { readonly tag: 'Due' }

export type DataPlaneLifeEffect = { readonly tag: 'Spawn'; readonly era: number }

export interface DataPlaneLifePolicy {
  /** One that lived this long did not die young, in milliseconds. */
  readonly stableAfterMs: number
  readonly backoff: BackoffPolicy
}

export const dataPlaneLifeDefaults: DataPlaneLifePolicy = { stableAfterMs: 2_000, backoff: { baseMs: 100, capMs: 2_000 } }

export const idleDataPlane: DataPlaneLife = { tag: 'Idle' }

export function dataPlaneDueAt(state: DataPlaneLife): number | null {
  return state.tag === 'Waiting' ? state.untilMs : null
}

export function stepDataPlane(
  state: DataPlaneLife,
  event: DataPlaneLifeEvent,
  moment: Moment,
  policy: DataPlaneLifePolicy,
): Step<DataPlaneLife, DataPlaneLifeEffect> {
  if (event.tag === 'Stop') return { state: { tag: 'Ended' }, effects: [] }
  if (state.tag === 'Idle' && event.tag === 'Start') return spawn(1, 0, moment)
  if (state.tag === 'Running' && event.tag === 'Died' && event.era === state.era) {
    const youngDeaths = moment.nowMs - state.sinceMs >= policy.stableAfterMs ? 0 : state.youngDeaths + 1
    if (youngDeaths <= 1) return spawn(state.era + 1, youngDeaths, moment)
    const untilMs = moment.nowMs + backoffMs(youngDeaths - 1, policy.backoff, moment)
    return { state: { tag: 'Waiting', era: state.era, untilMs, youngDeaths }, effects: [] }
  }
  if (state.tag === 'Waiting' && event.tag === 'Due' && moment.nowMs >= state.untilMs)
    return spawn(state.era + 1, state.youngDeaths, moment)
  return { state, effects: [] }
}

function spawn(era: number, youngDeaths: number, { nowMs }: Moment): Step<DataPlaneLife, DataPlaneLifeEffect> {
  return { state: { tag: 'Running', era, sinceMs: nowMs, youngDeaths }, effects: [{ tag: 'Spawn', era }] }
}
