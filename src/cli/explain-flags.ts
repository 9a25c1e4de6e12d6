import type { ExitStatus } from '../events/workers.ts'

/** What was typed behind `bezel explain`. */
export interface ExplainFlags {
  readonly app?: string
  readonly exitStatus?: ExitStatus
  readonly group?: boolean
  readonly json?: boolean
}
