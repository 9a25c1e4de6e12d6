import type { ErrorCode } from '../errors.ts'
import type { Settlement } from '../events/front-door.ts'

/** A request on the list of a run that has ended. */
export interface Held {
  /** Whether any octet of it may have reached the run. */
  readonly sent: boolean
  /** Whether any octet of an answer has gone to the client. */
  readonly begun: boolean
  /** Safe, or with an Idempotency-Key, or of a method that the settings allow. */
  readonly repeatable: boolean
  /** The whole body is still at hand. */
  readonly bodyHeld: boolean
  /** Runs that died with it before this one. */
  readonly deaths: number
  readonly deadlineMs: number
  /** Nobody waits: the client has left, or has got its 504. */
  readonly unwanted: boolean
}

export interface Verdict {
  readonly settlement: Settlement
  /** What the client is told now; null when it is told nothing, or later. */
  readonly code: ErrorCode | null
}

export interface Circumstances {
  /** SIGKILL took the run, without a crash or a hang before. */
  readonly killed: boolean
  /** Upgrades, or requests of a dead data plane. */
  readonly heldOtherThings: boolean
}

/**
 * Whether exactly one request, and nothing else, was with the run: then that one is the cause. Its index, or -1.
 * Whoever sends SIGKILL doesn't look at requests: only one that had met a death before is the cause of such an end.
 */
export function causeOf(held: readonly Held[], { killed, heldOtherThings }: Circumstances): number {
  if (heldOtherThings) return -1
  let cause = -1
  for (const [index, { sent }] of held.entries()) {
    if (!sent) continue
    if (cause !== -1) return -1
    cause = index
  }
  return killed && held[cause]?.deaths === 0 ? -1 : cause
}

/** What becomes of one request after its run has ended and its database sessions are closed. */
export function decideSettlement(request: Held, isCause: boolean, draining: boolean, nowMs: number): Verdict {
  if (request.unwanted) return { settlement: 'client-gone', code: null }
  if (!request.sent) return { settlement: 'sent-elsewhere', code: null }
  if (request.begun) return { settlement: 'cut', code: null }
  const again = !isCause && request.deaths === 0 && request.repeatable && request.bodyHeld && nowMs < request.deadlineMs
  if (!again) return { settlement: 'failed', code: 'WORKER_DIED' }
  return draining ? { settlement: 'failed', code: 'STOPPING' } : { settlement: 'suspect', code: null }
}
