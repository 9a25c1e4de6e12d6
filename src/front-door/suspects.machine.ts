import type { Moment, Step } from '../resilience/moment.ts'

/** A request that was in flight, not alone, when its run died. */
export interface Suspect {
  readonly request: number
  /** Method and path: requests of a route that was suspected before, and not cleared since, go last. */
  readonly route: string
  readonly deadlineMs: number
}

/**
 * What one newly booted run does for the list. Closed to ordinary requests in Vacating and Alone.
 *
 *     Booted, list not empty ──► Vacating ──holds nothing──► Alone ──answered──► Vacating, or no lane when the list is empty
 *                                 ▲    │                      │
 *                                due  due                    due: it is slow, others may be served beside it
 *                                 │    ▼                      ▼
 *                                Resting                    Beside ──answered──► Vacating, or no lane
 */
export type Lane =
  | { readonly tag: 'Vacating'; readonly run: number; readonly untilMs: number }
  | { readonly tag: 'Resting'; readonly run: number; readonly untilMs: number }
  | { readonly tag: 'Alone'; readonly run: number; readonly tried: Waiting; readonly untilMs: number }
  | { readonly tag: 'Beside'; readonly run: number; readonly tried: Waiting }

/** `last`: its route was under suspicion already when it came. */
export interface Waiting extends Suspect {
  readonly last: boolean
}

/** The one list of the whole front door, and the runs that work it off. */
export interface Suspects {
  readonly waiting: readonly Waiting[]
  readonly lanes: readonly Lane[]
  /** Routes suspected and not cleared since, oldest first. */
  readonly doubted: readonly string[]
  readonly draining: boolean
}

export type SuspectsEvent =
  | { readonly tag: 'Suspected'; readonly suspects: readonly Suspect[] }
  | { readonly tag: 'Booted'; readonly run: number }
  /** The run holds nothing: no request, upgrade, stream or unknown. */
  | { readonly tag: 'Emptied'; readonly run: number }
  /** Answered to its end, or to the head of an answer that streams. */
  | { readonly tag: 'Cleared'; readonly run: number; readonly request: number }
  /** Could not be sent to the run after all. */
  | { readonly tag: 'Returned'; readonly run: number; readonly request: number }
  /** The run has exited, or takes no more requests. */
  | { readonly tag: 'Ended'; readonly run: number }
  /** Nobody waits for it any more. */
  | { readonly tag: 'Left'; readonly request: number }
  | { readonly tag: 'Drain' }
  | { readonly tag: 'Due' }

export type SuspectsEffect =
  | { readonly tag: 'Try'; readonly run: number; readonly request: number }
  | { readonly tag: 'Expire'; readonly request: number }
  | { readonly tag: 'Refuse'; readonly request: number }

export interface SuspectsPolicy {
  /** How long a suspect has its run to itself, and how long a run waits to be empty, before others are let in. */
  readonly suspectAloneMs: number
}

export const noSuspects: Suspects = { waiting: [], lanes: [], doubted: [], draining: false }

/** Routes remembered; the oldest are forgotten. */
const maxDoubted = 256

type SuspectsStep = Step<Suspects, SuspectsEffect>

export function suspectsDueAt({ waiting, lanes }: Suspects): number | null {
  let dueMs = Infinity
  for (const suspect of waiting) dueMs = Math.min(dueMs, suspect.deadlineMs)
  for (const lane of lanes) if (lane.tag !== 'Beside') dueMs = Math.min(dueMs, lane.untilMs)
  return dueMs === Infinity ? null : dueMs
}

/** Whether ordinary requests must keep off the run. */
export function isClosedFor({ lanes }: Suspects, run: number): boolean {
  return lanes.some((lane) => lane.run === run && (lane.tag === 'Vacating' || lane.tag === 'Alone'))
}

/** Advances the list by one event. Total: an event about a run without a lane, or a request that isn't listed, changes nothing. */
export function stepSuspects(state: Suspects, event: SuspectsEvent, moment: Moment, policy: SuspectsPolicy): SuspectsStep {
  switch (event.tag) {
    case 'Suspected':
      return addAll(state, event.suspects)
    case 'Booted':
      if (state.waiting.length === 0 || laneOf(state, event.run) !== null) return become(state)
      return become({ ...state, lanes: [...state.lanes, vacating(event.run, moment, policy)] })
    case 'Emptied':
      return tryNext(state, event.run, moment, policy)
    case 'Cleared': {
      const lane = laneOf(state, event.run)
      if (lane === null || !('tried' in lane) || lane.tried.request !== event.request) return become(state)
      const doubted = state.doubted.filter((route) => route !== lane.tried.route)
      return become(nextLane({ ...state, doubted }, event.run, moment, policy))
    }
    case 'Returned': {
      const lane = laneOf(state, event.run)
      if (lane === null || !('tried' in lane) || lane.tried.request !== event.request) return become(state)
      if (state.draining) return become(nextLane(state, event.run, moment, policy), { tag: 'Refuse', request: event.request })
      return become(nextLane({ ...state, waiting: [lane.tried, ...state.waiting] }, event.run, moment, policy))
    }
    case 'Ended':
      return become({ ...state, lanes: state.lanes.filter(({ run }) => run !== event.run) })
    case 'Left':
      return become(dropIdleLanes({ ...state, waiting: state.waiting.filter(({ request }) => request !== event.request) }))
    case 'Drain':
      return become(
        dropIdleLanes({ ...state, waiting: [], draining: true }),
        ...state.waiting.map(({ request }) => ({ tag: 'Refuse' as const, request })),
      )
    case 'Due':
      return pass(state, moment, policy)
  }
}

function addAll(state: Suspects, suspects: readonly Suspect[]): SuspectsStep {
  if (state.draining) return become(state, ...suspects.map(({ request }) => ({ tag: 'Refuse' as const, request })))
  const all = [...state.waiting, ...suspects.map((suspect) => ({ ...suspect, last: state.doubted.includes(suspect.route) }))]
  const waiting = [...all.filter(({ last }) => !last), ...all.filter(({ last }) => last)]
  const doubted = [...new Set([...state.doubted, ...suspects.map(({ route }) => route)])].slice(-maxDoubted)
  return become({ ...state, waiting, doubted })
}

function tryNext(state: Suspects, run: number, { nowMs }: Moment, { suspectAloneMs }: SuspectsPolicy): SuspectsStep {
  const [tried, ...waiting] = state.waiting
  if (laneOf(state, run)?.tag !== 'Vacating' || tried === undefined) return become(state)
  const lane: Lane = { tag: 'Alone', run, tried, untilMs: nowMs + suspectAloneMs }
  return become(dropIdleLanes({ ...replaced(state, lane), waiting }), { tag: 'Try', run, request: tried.request })
}

function pass(state: Suspects, moment: Moment, policy: SuspectsPolicy): SuspectsStep {
  const { nowMs } = moment
  const expired = state.waiting.filter(({ deadlineMs }) => deadlineMs <= nowMs)
  const lanes = state.lanes.map((lane): Lane => {
    if (lane.tag === 'Beside' || lane.untilMs > nowMs) return lane
    if (lane.tag === 'Alone') return { tag: 'Beside', run: lane.run, tried: lane.tried }
    if (lane.tag === 'Resting') return vacating(lane.run, moment, policy)
    // A stream or a slow request stays: a suspect never goes beside others, and the run can't stand idle for it.
    return { tag: 'Resting', run: lane.run, untilMs: nowMs + policy.suspectAloneMs }
  })
  const waiting = expired.length === 0 ? state.waiting : state.waiting.filter(({ deadlineMs }) => deadlineMs > nowMs)
  return become(dropIdleLanes({ ...state, waiting, lanes }), ...expired.map(({ request }) => ({ tag: 'Expire' as const, request })))
}

function nextLane(state: Suspects, run: number, moment: Moment, policy: SuspectsPolicy): Suspects {
  return dropIdleLanes(replaced(state, vacating(run, moment, policy)))
}

/** A run that has nothing to try, and nothing left on the list, is an ordinary one. */
function dropIdleLanes(state: Suspects): Suspects {
  return state.waiting.length > 0 ? state : { ...state, lanes: state.lanes.filter((lane) => 'tried' in lane) }
}

function vacating(run: number, { nowMs }: Moment, { suspectAloneMs }: SuspectsPolicy): Lane {
  return { tag: 'Vacating', run, untilMs: nowMs + suspectAloneMs }
}

function laneOf({ lanes }: Suspects, run: number): Lane | null {
  return lanes.find((lane) => lane.run === run) ?? null
}

function replaced(state: Suspects, lane: Lane): Suspects {
  return { ...state, lanes: state.lanes.map((old) => (old.run === lane.run ? lane : old)) }
}

function become(state: Suspects, ...effects: readonly SuspectsEffect[]): SuspectsStep {
  return { state, effects }
}
