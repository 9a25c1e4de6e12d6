import type { InFlightRequest } from '../../events/front-door.ts'
import type { RunDeath } from '../../events/workers.ts'
import type { Explanation } from '../blame/explanation.ts'
import type { ProcessState } from '../capture/capture-process.ts'

/** One recorded crash, hang, kill, or trouble that a run went on with; with everything that was known then. */
export interface Incident extends Omit<RunDeath, 'exit' | 'why'> {
  /** `20261125-101530-7-k3x`: UTC time, run, a suffix that keeps two keepers apart. */
  readonly id: string
  /** ISO 8601, UTC. */
  readonly at: string
  /** Null, and `why` too: the run went on. */
  readonly exit: RunDeath['exit'] | null
  readonly why: RunDeath['why'] | null
  readonly explanation: Explanation
  /** What was in flight, as the front door settled it; null until it has said so, or when it never did. */
  readonly requests: readonly InFlightRequest[] | null
  /** The id of the request that was alone when the run died. */
  readonly cause: string | null
  /** Read from /proc while the dying process was stopped; null when it was gone too fast. */
  readonly state: ProcessState | null
  /** What the run wrote last on stderr, bounded and redacted. */
  readonly report: string
  /** Bytes of stderr that were not kept. */
  readonly reportDroppedBytes: number
}

const idPattern = /^\d{8}-\d{6}-\d{1,12}-[0-9a-z]{3}$/

/** Guards every path that is made from an id. */
export function isIncidentId(text: string): boolean {
  return idPattern.test(text)
}

/** `random` in [0, 1). */
export function toIncidentId(wallTimeMs: number, run: number, random: number): string {
  const [date = '', time = ''] = new Date(wallTimeMs).toISOString().split('T')
  const suffix = Math.floor(random * 36 ** 3)
    .toString(36)
    .padStart(3, '0')
  return `${date.replaceAll('-', '')}-${time.slice(0, 8).replaceAll(':', '')}-${run}-${suffix}`
}
