import type { InFlightRequest } from '../../events/front-door.ts'
import type { RunDeath } from '../../events/workers.ts'
import type { Explanation } from '../blame/explanation.ts'
import type { ProcessState } from '../capture/capture-process.ts'

/** A run, and how it ended; of one that went on, `exit` and `why` are null. */
export interface IncidentRun extends Omit<RunDeath, 'exit' | 'why'> {
  readonly exit: RunDeath['exit'] | null
  readonly why: RunDeath['why'] | null
}

/** One recorded crash, hang, kill, or trouble that a run went on with; with everything that was known then. */
export interface Incident extends IncidentRun {
  /** `20261125-101530-7-k3x`: UTC time, run, a suffix that keeps two keepers apart. */
  readonly id: string
  /** ISO 8601, UTC. */
  readonly at: string
  readonly explanation: Explanation
  /** What was in flight, as the front door settled it; null until it has said so, or when it never did. */
  readonly requests: readonly InFlightRequest[] | null
  /** The id of the request that was alone when the run died. */
  readonly cause: string | null
  /** Read from /proc while the dying process was stopped, or when it was last looked at; null: it never was. */
  readonly state: ProcessState | null
  /** How long before the end that was, in milliseconds. */
  readonly stateAgeMs: number | null
  /** What the run wrote last on stderr, bounded and redacted. */
  readonly report: string
  /** Bytes of stderr that were not kept. */
  readonly reportDroppedBytes: number
}

/** `GET /orders`, the request that was alone when the run died; null: not one request was, or nobody said. */
export function toCauseRequest({ requests, cause }: Pick<Incident, 'requests' | 'cause'>): string | null {
  const request = requests?.find(({ id }) => cause !== null && id === cause)
  return request === undefined ? null : `${request.method} ${request.path}`
}

const idPattern = /^\d{8}-\d{6}-\d{1,12}-[0-9a-z]{3}$/

/** Guards every path that is made from an id. */
export function isIncidentId(text: string): boolean {
  return idPattern.test(text)
}

/** The beginning of an incident; `random` in [0, 1). */
export function toIncidentHead(of: IncidentRun, wallTimeMs: number, random: number): IncidentRun & Pick<Incident, 'id' | 'at'> {
  const { worker, run, pid, exit, why, ready, uptimeMs, lastRssMb } = of
  const id = toIncidentId(wallTimeMs, run, random)
  const at = new Date(wallTimeMs).toISOString()
  return { id, at, worker, run, pid, exit, why, ready, uptimeMs: Math.round(uptimeMs), lastRssMb }
}

/** `random` in [0, 1). */
export function toIncidentId(wallTimeMs: number, run: number, random: number): string {
  const [date = '', time = ''] = new Date(wallTimeMs).toISOString().split('T')
  const suffix = Math.floor(random * 36 ** 3)
    .toString(36)
    .padStart(3, '0')
  return `${date.replaceAll('-', '')}-${time.slice(0, 8).replaceAll(':', '')}-${run}-${suffix}`
}
