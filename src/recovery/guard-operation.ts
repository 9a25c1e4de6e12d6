import { BezelError } from '../errors.ts'
import type { Outside } from '../part.ts'
import { drive } from '../resilience/drive.ts'
import {
  breakerDueAt,
  closedBreaker,
  stepBreaker,
  type Breaker,
  type BreakerEffect,
  type BreakerEvent,
  type BreakerPolicy,
} from '../resilience/breaker.machine.ts'

const defaultPolicy: BreakerPolicy = { failuresToOpen: 5, probeTimeoutMs: 10_000, backoff: { baseMs: 500, capMs: 30_000 } }

/** Wraps an operation in a circuit breaker of its own. Rejects with CIRCUIT_OPEN without trying while it is open. */
export function guardOperation<T>(operation: () => Promise<T>, outside: Outside, policy = defaultPolicy): () => Promise<T> {
  let answer: BreakerEffect | null = null
  const driver = drive<Breaker, BreakerEvent, BreakerEffect>(
    {
      initial: closedBreaker,
      step: (state, event, moment) => stepBreaker(state, event, moment, policy),
      dueAt: breakerDueAt,
      due: { tag: 'Due' },
    },
    outside.clock,
    () => outside.random(),
    (effect) => {
      if (effect.tag !== 'Tell') answer = effect
    },
  )
  const ask = (): BreakerEffect | null => {
    answer = null
    driver.send({ tag: 'Asked' })
    return answer
  }
  return async () => {
    const verdict = ask()
    if (verdict?.tag !== 'Allow') {
      const waitMs = verdict?.tag === 'Refuse' ? Math.max(0, Math.round(verdict.retryAtMs - outside.clock.nowMs())) : 0
      throw new BezelError(
        'CIRCUIT_OPEN',
        `not tried: it failed ${policy.failuresToOpen} times in a row; the next try is due in ${waitMs} ms`,
      )
    }
    try {
      const result = await operation()
      driver.send({ tag: 'Succeeded', era: verdict.era })
      return result
    } catch (error) {
      driver.send({ tag: 'Failed', era: verdict.era })
      throw error
    }
  }
}
