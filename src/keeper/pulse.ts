import type { FrontDoorSnapshot } from '../front-door/front-door.ts'
import type { ConnectionPoolHealth } from '../gateway/connection-pool-health.ts'
import type { Traffic } from '../health/error-rate.ts'
import type { Condition } from '../recovery/degradation/decide-degradation.ts'
import type { Clock } from '../resilience/drive.ts'
import { every } from '../resilience/every.ts'
import type { WorkersSnapshot, WorkerStatus } from '../workers/worker-process-status.ts'

/** Health is looked at, and the ladder judged, this often. */
const tickMs = 1_000

/** Calls back now and once a second until it is stopped. */
export function startPulse(clock: Clock, beat: () => void): () => void {
  beat()
  return every(clock, tickMs, beat)
}

/** What the front door counted, as health reads it. */
export function toTraffic(frontDoor: FrontDoorSnapshot | null | undefined): Traffic {
  if (frontDoor === null || frontDoor === undefined) return { answered: 0, failed: 0 }
  const { byClass, cut } = frontDoor.requests
  return { answered: byClass.reduce((sum, count) => sum + count, 0), failed: (byClass[5] ?? 0) + cut }
}

/** What the degradation ladder looks at. A worker that is on its first start is not missed yet. */
export function toCondition(workers: WorkersSnapshot, pools: readonly ConnectionPoolHealth[], everReady: boolean): Condition {
  return {
    workersWanted: workers.wanted - workers.workers.filter(isFirstStart).length,
    workersReady: workers.ready,
    everReady,
    gaveUp: workers.hasGivenUp,
    databases: pools.map(({ database, circuitBreakerState }) => ({ name: database, breaker: circuitBreakerState })),
  }
}

function isFirstStart({ state, restarts, crashCount }: WorkerStatus): boolean {
  return (state === 'Queued' || state === 'Starting') && restarts === 0 && crashCount === 0
}
