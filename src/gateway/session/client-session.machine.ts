import type { Machine } from '../../resilience/drive.ts'
import type { Moment, Step } from '../../resilience/moment.ts'

/**
 * The life of one client's session.
 *
 *     Starting ──start-up read──► Waiting ──granted──► Preparing ──prepared──► Serving
 *                                  ▲  ▲                    │ lost              │ server lost
 *                                  │  └────────────────────┘                   ├─ its FATAL may mean this session alone ─► Judging
 *                                  │                                           │                          │ server away
 *                                  └──────────── spoke ──────────── Paused ◄───┴──────────────────────────┘
 *
 * Every state but Ended goes to Ended when the client is gone. `lease` numbers each question to the pool,
 * `server` is the pool's id of a connection: an answer for another one changes nothing.
 */
export type ClientSession =
  | { readonly tag: 'Starting'; readonly untilMs: number }
  | { readonly tag: 'Waiting'; readonly lease: number; readonly fresh: boolean; readonly untilMs: number }
  | {
      readonly tag: 'Preparing'
      readonly lease: number
      readonly server: number
      readonly fresh: boolean
      readonly untilMs: number
      readonly askedUntilMs: number
    }
  | { readonly tag: 'Serving'; readonly lease: number; readonly server: number }
  | { readonly tag: 'Judging'; readonly lease: number; readonly server: number; readonly loss: Loss; readonly untilMs: number }
  | { readonly tag: 'Paused' }
  | { readonly tag: 'Ended'; readonly why: SessionEnd }

/**
 * What the loss of the server connection means to the session. `movable`: nothing, another connection can take its place.
 * `owing`: the same, but its client waits: an unanswered read must be sent again, or the client has spoken since. `lost`: its state or transaction is gone.
 * `in-doubt`: a COMMIT or a write may or may not have happened.
 */
export type Loss = 'movable' | 'owing' | 'lost' | 'in-doubt'

export type SessionEnd =
  | 'client-gone'
  | 'start-up-timeout'
  | 'refused'
  | 'server-lost'
  | 'terminated'
  | 'run-ended'
  | 'protocol-violation'
  | 'stopping'

export type SessionEvent =
  | { readonly tag: 'StartupRead'; readonly lease: number }
  | { readonly tag: 'Granted'; readonly lease: number; readonly server: number }
  /** The pool's no: `Told` what the client is told about it. */
  | { readonly tag: 'Refused'; readonly lease: number; readonly why: PoolRefusal }
  | { readonly tag: 'Prepared'; readonly server: number }
  /** The server refused what the session needs of it: it can't be given the same session. */
  | { readonly tag: 'PrepareRefused'; readonly server: number }
  /** `fatal`: it said a FATAL before it closed, which may be meant for this session alone. `lease` is for asking again. */
  | { readonly tag: 'ServerLost'; readonly server: number; readonly loss: Loss; readonly fatal: boolean; readonly lease: number }
  | { readonly tag: 'Judged'; readonly server: number; readonly away: boolean; readonly lease: number }
  /** Bytes came while there was no server connection. */
  | { readonly tag: 'Spoke'; readonly lease: number }
  | { readonly tag: 'ClientGone' }
  | { readonly tag: 'End'; readonly why: SessionEnd }
  | { readonly tag: 'Due' }

export type PoolRefusal = 'deadline' | 'queue-full' | 'login-refused' | 'stopping'

export type SessionEffect =
  | { readonly tag: 'Ask'; readonly lease: number; readonly untilMs: number }
  | { readonly tag: 'Withdraw'; readonly lease: number }
  | { readonly tag: 'Prepare'; readonly server: number; readonly fresh: boolean }
  | { readonly tag: 'Serve'; readonly server: number; readonly fresh: boolean }
  | { readonly tag: 'Judge'; readonly server: number }
  /** Give the connection back: to be cleaned and pooled. */
  | { readonly tag: 'Release'; readonly server: number }
  | { readonly tag: 'Tell'; readonly about: Told }
  | { readonly tag: 'CloseClient' }

export type Told =
  | PoolRefusal
  | 'cannot-move'
  | 'session-lost'
  | 'outcome-unknown'
  | 'server-fatal'
  | 'start-up-timeout'
  | 'run-ended'
  | 'protocol-violation'

export interface SessionPolicy {
  readonly startupTimeoutMs: number
  readonly queueDeadlineMs: number
  /** Longest time for settings and replay on a new connection, in milliseconds. */
  readonly prepareTimeoutMs: number
  /** Longest time to find out whether the server is away, in milliseconds. */
  readonly judgeTimeoutMs: number
}

type SessionStep = Step<ClientSession, SessionEffect>

/** The machine of a client that connected at `nowMs`. */
export function createSessionMachine(nowMs: number, policy: SessionPolicy): Machine<ClientSession, SessionEvent, SessionEffect> {
  return {
    initial: { tag: 'Starting', untilMs: nowMs + policy.startupTimeoutMs },
    step: (session, event, moment) => stepSession(session, event, moment, policy),
    dueAt: sessionDueAt,
    due: { tag: 'Due' },
  }
}

/** The instant at which the shell must send `Due`; null while nothing can expire. The pool watches over `Waiting`. */
function sessionDueAt(session: ClientSession): number | null {
  return session.tag === 'Starting' || session.tag === 'Preparing' || session.tag === 'Judging' ? session.untilMs : null
}

/** Advances a client's session by one event. Total: an event that means nothing here changes nothing. */
function stepSession(session: ClientSession, event: SessionEvent, moment: Moment, policy: SessionPolicy): SessionStep {
  if (session.tag === 'Ended') return stay(session)
  if (event.tag === 'ClientGone') return end(session, 'client-gone')
  if (event.tag === 'End') return end(session, event.why, toldAtEnd(event.why))
  switch (session.tag) {
    case 'Starting':
      if (event.tag === 'StartupRead') return ask(event.lease, true, moment.nowMs + policy.queueDeadlineMs)
      return event.tag === 'Due' && moment.nowMs >= session.untilMs ? end(session, 'start-up-timeout', 'start-up-timeout') : stay(session)
    case 'Waiting':
      return stepWaiting(session, event, moment, policy)
    case 'Preparing':
      return stepPreparing(session, event, moment)
    case 'Serving':
      return stepServing(session, event, moment, policy)
    case 'Judging':
      // It waits for an answer by now.
      if (event.tag === 'Spoke' && session.loss === 'movable') return stay({ ...session, loss: 'owing' })
      if (event.tag === 'Judged' && event.server === session.server) return judged(session, event.away, event.lease, moment, policy)
      // Nobody could say: the server's own word is passed on.
      return event.tag === 'Due' && moment.nowMs >= session.untilMs ? end(session, 'terminated', 'server-fatal') : stay(session)
    case 'Paused':
      return event.tag === 'Spoke' ? ask(event.lease, false, moment.nowMs + policy.queueDeadlineMs) : stay(session)
  }
}

function stepWaiting(session: ClientSession & { tag: 'Waiting' }, event: SessionEvent, moment: Moment, policy: SessionPolicy): SessionStep {
  if (!('lease' in event) || event.lease !== session.lease) return stay(session)
  if (event.tag === 'Granted') {
    const { lease, fresh, untilMs: askedUntilMs } = session
    const untilMs = moment.nowMs + policy.prepareTimeoutMs
    return {
      state: { tag: 'Preparing', lease, server: event.server, fresh, untilMs, askedUntilMs },
      effects: [{ tag: 'Prepare', server: event.server, fresh }],
    }
  }
  return event.tag === 'Refused' ? end({ tag: 'Paused' }, event.why === 'stopping' ? 'stopping' : 'refused', event.why) : stay(session)
}

function stepPreparing(session: ClientSession & { tag: 'Preparing' }, event: SessionEvent, moment: Moment): SessionStep {
  if (event.tag === 'Due') return moment.nowMs >= session.untilMs ? end(session, 'server-lost', 'session-lost') : stay(session)
  if (!('server' in event) || event.server !== session.server) return stay(session)
  const { lease, server, fresh } = session
  if (event.tag === 'Prepared') return { state: { tag: 'Serving', lease, server }, effects: [{ tag: 'Serve', server, fresh }] }
  if (event.tag === 'PrepareRefused') return end(session, 'server-lost', 'cannot-move')
  return event.tag === 'ServerLost' ? ask(event.lease, fresh, session.askedUntilMs) : stay(session)
}

function stepServing(session: ClientSession & { tag: 'Serving' }, event: SessionEvent, moment: Moment, policy: SessionPolicy): SessionStep {
  if (event.tag !== 'ServerLost' || event.server !== session.server) return stay(session)
  const { lease, server } = session
  const judging = { tag: 'Judging' as const, lease, server, loss: event.loss, untilMs: moment.nowMs + policy.judgeTimeoutMs }
  if (event.fatal) return { state: judging, effects: [{ tag: 'Judge', server }] }
  return judged(judging, true, event.lease, moment, policy)
}

function judged(
  session: ClientSession & { tag: 'Judging' },
  away: boolean,
  lease: number,
  moment: Moment,
  policy: SessionPolicy,
): SessionStep {
  if (!away) return end({ tag: 'Paused' }, 'terminated', 'server-fatal')
  switch (session.loss) {
    case 'movable':
      return { state: { tag: 'Paused' }, effects: [] }
    case 'owing':
      return ask(lease, false, moment.nowMs + policy.queueDeadlineMs)
    case 'lost':
      return end({ tag: 'Paused' }, 'server-lost', 'session-lost')
    case 'in-doubt':
      return end({ tag: 'Paused' }, 'server-lost', 'outcome-unknown')
  }
}

function ask(lease: number, fresh: boolean, untilMs: number): SessionStep {
  return { state: { tag: 'Waiting', lease, fresh, untilMs }, effects: [{ tag: 'Ask', lease, untilMs }] }
}

function end(session: ClientSession, why: SessionEnd, about: Told | null = null): SessionStep {
  const effects: SessionEffect[] = []
  if (session.tag === 'Waiting') effects.push({ tag: 'Withdraw', lease: session.lease })
  if (about !== null) effects.push({ tag: 'Tell', about })
  if (session.tag === 'Preparing' || session.tag === 'Serving') effects.push({ tag: 'Release', server: session.server })
  return { state: { tag: 'Ended', why }, effects: [...effects, { tag: 'CloseClient' }] }
}

function toldAtEnd(why: SessionEnd): Told | null {
  if (why === 'stopping' || why === 'run-ended' || why === 'protocol-violation') return why
  return null
}

function stay(state: ClientSession): SessionStep {
  return { state, effects: [] }
}
