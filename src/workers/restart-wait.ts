import { backoffMs, type BackoffPolicy } from '../resilience/backoff.ts'
import type { Moment } from '../resilience/moment.ts'

/**
 * Milliseconds before a failed worker's next start, `attempt` counted from 1: exponential with full jitter, but at least a
 * quarter of the step's ceiling. Full jitter alone may draw nearly nothing several times in a row; with a base of 500 ms the
 * quarter keeps every draw to 5 starts in the first 2 s (0, 125, 375, 875, 1,875 ms).
 */
export function restartWaitMs(attempt: number, policy: BackoffPolicy, moment: Moment): number {
  const ceilingMs = Math.min(policy.capMs, policy.baseMs * 2 ** (attempt - 1))
  return Math.max(backoffMs(attempt, policy, moment), Math.ceil(ceilingMs / 4))
}
