import { CrashReportReader } from '../formats/crash-report/crash-report-reader.ts'
import type { InFlightRequest } from '../events/front-door.ts'
import type { ExitStatus, RunEnd } from '../events/workers.ts'
import { explain } from './blame/explain.ts'
import type { Explanation } from './blame/explanation.ts'

/** What is known of a run's end beside its output. */
export interface DeathEvidence {
  readonly exit: ExitStatus
  readonly why: RunEnd
  /** What it held; empty when that is not known. */
  readonly requests: readonly InFlightRequest[]
}

/** Reads what a run wrote on stderr, bounded by the caller, and explains its end. */
export function explainDeath(output: Buffer, { exit, why, requests }: DeathEvidence): Explanation {
  const reader = new CrashReportReader()
  reader.push(output)
  const findings = reader.end()
  return explain({ findings, exitStatus: exit, endedFor: why, requests })
}
