import type { Finding } from '../../formats/crash-report/crash-report.ts'
import type { InFlightRequest } from '../../events/front-door.ts'
import type { ExitStatus, RunEnd } from '../../events/workers.ts'
import type { Blame } from './blame.ts'
import type { ReportBlame } from './blame-report.ts'
import type { TroubleKind } from './explanation.ts'

/** What validation knows about an app, as far as blame needs it. The caller joins it: recovery never asks validation. */
export interface AppKnowledge {
  /** Those with native code. */
  readonly gems: readonly AppGem[]
  /** What was found about single files or gems. */
  readonly findings: readonly AppFinding[]
}

export interface AppGem {
  readonly name: string
  readonly version: string
  /** Ruby that its files name, `3.1`; null when nothing tells. */
  readonly builtFor: string | null
  /** The Ruby that loads it, `3.1.2`. */
  readonly runsOn: string
  readonly fits: 'compatible' | 'incompatible' | 'unknown'
}

export interface AppFinding {
  readonly gem: string
  /** Path of the compiled file; null where the finding is about the gem. */
  readonly file: string | null
  readonly code: string
  readonly text: string
  readonly remedy: readonly string[]
}

/** Everything known about one death. All but `findings` may be missing. */
export interface Evidence {
  readonly findings: readonly Finding[]
  readonly exitStatus?: ExitStatus | null
  /** Why bezel itself ended the run, if it did. */
  readonly endedFor?: RunEnd | null
  readonly requests?: readonly InFlightRequest[]
  readonly app?: AppKnowledge | null
  /** What limited its memory, `RLIMIT_AS of 286 MB`; null: nothing is known. Without it a NoMemoryError may be a garbage length. */
  readonly memoryLimit?: string | null
  /** Whether the kernel's memory killer struck in its control group at that time; null: nobody counts. */
  readonly oomKilled?: boolean | null
  /** The last sample of its resident memory, in MiB. */
  readonly lastRssMb?: number | null
  /** The last exception that it printed and nobody rescued: it says most of a status that nothing else explains. */
  readonly uncaught?: string | null
  /** The last line that it printed; null: it printed nothing. Undefined: what it printed isn't known. */
  readonly lastLine?: string | null
}

/** The blame of one kind of evidence, before validation and known causes join it. */
export interface Judged extends Blame {
  readonly kind: TroubleKind
  readonly report: ReportBlame | null
}
