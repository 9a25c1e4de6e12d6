import { nothingAbandoned, type Abandoned } from '../part.ts'
import type { Clock } from '../resilience/drive.ts'
import type { ShutdownPhase } from '../shutdown/ports.ts'

/** What has to go down, in this order. */
export interface Descent {
  readonly clock: Clock
  /** Whether anything of the backend was ever started. */
  hasStarted(): boolean
  /** The port closes, here and in the data plane; from now on no new run starts. */
  stopAccepting(): void
  /** Resolves with the requests that were cut off. */
  drainRequests(withinMs: number): Promise<number>
  stopWorkers(deadlineMs: number): Promise<Abandoned>
  /** Returns leases and ends the data plane; resolves with the transactions that were cut off. */
  closeDataPlane(withinMs: number): Promise<number>
  /** Incidents and log. */
  flush(): Promise<void>
}

/** Longest request that is waited for when nothing else bounds it: the shutdown's own deadline does. */
const unboundedMs = 86_400_000

/**
 * Readiness goes off with the first signal; then no new connects, open requests to their end, workers, the database,
 * the records. WebSockets and event streams are not waited for: the workers' own signal ends them.
 */
export function planDescent(descent: Descent): ShutdownPhase[] {
  const isIdle = () => !descent.hasStarted()
  const left = (deadlineMs: number) => Math.max(0, deadlineMs - descent.clock.nowMs())
  return [
    {
      name: 'requests',
      atMostMs: unboundedMs,
      reservedMs: 0,
      isIdle,
      run: async (deadlineMs) => {
        descent.stopAccepting()
        return { ...nothingAbandoned, requests: await descent.drainRequests(left(deadlineMs)) }
      },
    },
    { name: 'workers', atMostMs: unboundedMs, reservedMs: 3_000, isIdle, run: (deadlineMs) => descent.stopWorkers(deadlineMs) },
    {
      name: 'database',
      atMostMs: 5_000,
      reservedMs: 1_000,
      isIdle,
      run: async (deadlineMs) => ({ ...nothingAbandoned, transactions: await descent.closeDataPlane(left(deadlineMs)) }),
    },
    {
      name: 'records',
      atMostMs: 1_000,
      reservedMs: 500,
      isIdle,
      run: async () => {
        await descent.flush()
        return nothingAbandoned
      },
    },
  ]
}
