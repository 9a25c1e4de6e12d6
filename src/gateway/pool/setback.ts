import { backoffMs, type BackoffPolicy } from '../../resilience/backoff.ts'
import type { Moment } from '../../resilience/moment.ts'

/** The server is there, but gave no connection: attempts that failed in a row, and how long none is made. */
export interface Setback {
  readonly fails: number
  /** Null: this instant has passed. From then on one attempt at a time is made, until one succeeds. */
  readonly untilMs: number | null
}

/** After one more failure. One of an attempt that began before the pause doesn't lengthen it. */
export function nextSetback(before: Setback | null, moment: Moment, backoff: BackoffPolicy): Setback {
  if (before !== null && isPaused(before, moment)) return before
  const fails = (before?.fails ?? 0) + 1
  return { fails, untilMs: moment.nowMs + backoffMs(fails, backoff, moment) }
}

export function isPaused({ untilMs }: Setback, { nowMs }: Moment): boolean {
  return untilMs !== null && nowMs < untilMs
}

/** The same one once its pause is over. */
export function afterPause<Kind extends Setback>(setback: Kind, moment: Moment): Kind {
  return setback.untilMs === null || isPaused(setback, moment) ? setback : { ...setback, untilMs: null }
}
