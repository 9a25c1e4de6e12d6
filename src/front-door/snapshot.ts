import type { HoldingRun } from './exchange.ts'
import type { House } from './house.ts'

export interface RunSnapshot {
  readonly worker: number
  readonly run: number
  readonly state: 'serving' | 'paused' | 'draining' | 'ejected' | 'ending' | 'exited' | 'trying-suspect'
  readonly slots: number
  /** Requests it holds; those that a dead data plane may have left in it are counted apart. */
  readonly outstanding: number
  readonly unknown: number
  readonly upgraded: number
  readonly idleConnections: number
  readonly served: number
}

/** What is true of the front door now; counters count since its process began. */
export interface FrontDoorSnapshot {
  readonly accepting: boolean
  readonly draining: boolean
  readonly connections: { readonly open: number; readonly limit: number; readonly dropped: number }
  readonly requests: {
    readonly total: number
    readonly refused: number
    readonly waiting: number
    readonly suspected: number
    readonly queueFull: number
    readonly queueExpired: number
    readonly overdue: number
    readonly repeated: number
    readonly cut: number
    readonly upgraded: number
    /** Answers by the first digit of their status, from index 1. */
    readonly byClass: readonly number[]
    /** Bucket n counts answers that took less than 2^n milliseconds and fit no smaller one; the last has no bound. */
    readonly durations: readonly number[]
  }
  readonly heldBodyBytes: number
  /** Workers whose run is known to start. */
  readonly starting: readonly number[]
  readonly runs: readonly RunSnapshot[]
}

export function runSnapshot(run: HoldingRun, nowMs: number): RunSnapshot {
  const { serving, slots, unknown, served } = run
  return {
    worker: serving.worker,
    run: run.id,
    state: stateOf(run, nowMs),
    slots,
    outstanding: run.listed.size,
    unknown,
    upgraded: run.upgraded.size,
    idleConnections: run.idle.length,
    served,
  }
}

function stateOf(run: HoldingRun, nowMs: number): RunSnapshot['state'] {
  if (run.exited) return 'exited'
  if (run.ending) return 'ending'
  if (run.draining) return 'draining'
  if (run.paused) return 'paused'
  if (run.closed) return 'trying-suspect'
  return run.ejectedUntilMs > nowMs ? 'ejected' : 'serving'
}

export function requestsSnapshot({ tally }: House, waiting: number, suspected: number): FrontDoorSnapshot['requests'] {
  const { requests: total, refused, queueFull, queueExpired, overdue, repeated, cut, upgraded } = tally
  return {
    total,
    refused,
    waiting,
    suspected,
    queueFull,
    queueExpired,
    overdue,
    repeated,
    cut,
    upgraded,
    byClass: [...tally.byClass],
    durations: [...tally.durations],
  }
}
