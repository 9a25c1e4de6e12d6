import type { Degradation } from '../degradation/decide-degradation.ts'
import type { IncidentList } from './incident-store.ts'

export interface DiagnosticReport {
  readonly degradation: Degradation
  /** Repeats of one fingerprint together, most frequent first. */
  readonly groups: readonly {
    readonly fingerprint: string
    readonly count: number
    readonly first: string
    readonly last: string
    readonly summary: string
    readonly remedy: readonly string[]
    readonly lastIncident: string
  }[]
  readonly unreadable: readonly string[]
}

/** The recorded incidents, repeats grouped, with what to do about each. */
export function toDiagnosticReport({ incidents, unreadable }: IncidentList, degradation: Degradation): DiagnosticReport {
  const groups = Map.groupBy(incidents, ({ explanation }) => explanation.fingerprint)
  const told = [...groups].flatMap(([fingerprint, members]) => {
    const newest = members[0]
    if (newest === undefined) return []
    const { summary, remedy } = newest.explanation
    const first = members.at(-1)?.at ?? newest.at
    return [{ fingerprint, count: members.length, first, last: newest.at, summary, remedy, lastIncident: newest.id }]
  })
  return { degradation, groups: told.sort((a, b) => b.count - a.count), unreadable }
}
