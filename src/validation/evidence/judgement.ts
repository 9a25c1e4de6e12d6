import type { Observation } from '../observation.ts'
import type { Verdict } from '../validation-report.ts'
import type { Brought } from './check-process.ts'

export interface Judgement {
  readonly verdict: Verdict
  readonly observations: readonly Observation[]
  /** Minor version of the Ruby it was built for; null when nothing tells. */
  readonly builtFor: string | null
  /** Libraries that it brings into the process. */
  readonly brought: readonly Brought[]
}
