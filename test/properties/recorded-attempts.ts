import type { ConnectFailure } from '../../src/gateway/server-link/connect-failure.ts'
import { connectServer, type ConnectServer } from '../../src/gateway/server-link/connect-server.ts'
import type { ManualClock } from '../support/manual-clock.ts'

/** One real attempt of the gateway to open a connection to its server, by the gateway's clock. */
export interface RecordedAttempt {
  readonly beganMs: number
  /** Null: it is under way. */
  endedMs: number | null
  outcome: 'Connected' | ConnectFailure['tag'] | null
  /** Nobody was reached: no answer, or that of a server which starts or stops (SQLSTATE 57P01 to 57P03). */
  isAway: boolean
}

export interface AttemptRecorder {
  readonly attempts: readonly RecordedAttempt[]
  /** For `startGateway`. */
  readonly ports: { readonly connectServer: ConnectServer }
}

/** Connects really, and keeps a list. */
export function recordAttempts(
  clock: ManualClock,
  on: { began?(attempt: RecordedAttempt): void; ended?(attempt: RecordedAttempt): void } = {},
): AttemptRecorder {
  const attempts: RecordedAttempt[] = []
  return {
    attempts,
    ports: {
      async connectServer(...words) {
        const attempt: RecordedAttempt = { beganMs: clock.nowMs(), endedMs: null, outcome: null, isAway: false }
        attempts.push(attempt)
        on.began?.(attempt)
        const link = await connectServer(...words)
        attempt.endedMs = clock.nowMs()
        attempt.outcome = link.tag
        attempt.isAway =
          link.tag === 'Unreachable' || link.tag === 'Timeout' || (link.tag === 'Refused' && /^57P0[123]$/.test(link.sqlstate))
        on.ended?.(attempt)
        return link
      },
    },
  }
}
