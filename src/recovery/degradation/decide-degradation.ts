import type { BreakerState } from '../../events/gateway.ts'
import type { DegradationLevel } from '../../events/recovery.ts'

/** What the ladder looks at. */
export interface Condition {
  readonly workersWanted: number
  readonly workersReady: number
  /** Whether any worker was ready since the start: before that, nothing is degraded yet. */
  readonly everReady: boolean
  readonly gaveUp: boolean
  readonly databases: readonly { readonly name: string; readonly breaker: BreakerState }[]
}

/** A step of the ladder, with reason and way back. */
export interface Degradation {
  readonly level: DegradationLevel
  readonly why: string
  readonly wayBack: string
}

export const normal: Degradation = { level: 'normal', why: 'every worker serves and every database answers', wayBack: '' }

/** The lowest rung that the condition stands on: capacity weighs more than a database, which the gateway bridges. */
export function decideDegradation(condition: Condition): Degradation {
  const { workersWanted, workersReady, everReady, gaveUp, databases } = condition
  if (gaveUp) {
    return { level: 'gave-up', why: 'workers fail on every start', wayBack: 'mend what `bezel incidents` names, then start bezel again' }
  }
  if (everReady && workersReady === 0) {
    return { level: 'static-answers', why: 'no worker serves: requests wait, then get 503', wayBack: 'a worker that becomes ready' }
  }
  if (everReady && workersReady < workersWanted) {
    return {
      level: 'reduced-capacity',
      why: `${workersReady} of ${workersWanted} workers serve`,
      wayBack: 'the missing workers are being started',
    }
  }
  const away = databases.filter(({ breaker }) => breaker !== 'closed').map(({ name }) => name)
  if (away.length > 0) {
    return {
      level: 'database-degraded',
      why: `no connection to ${away.join(', ')}: queries wait`,
      wayBack: 'the server is tried again and again; queries go on when it answers',
    }
  }
  return normal
}
