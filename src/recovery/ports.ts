import type { AppKnowledge } from './blame/evidence.ts'
import type { Signal } from './capture/capture-process.ts'

/** What recovery asks of its surroundings. */
export interface RecoveryPorts {
  /** Unix time in milliseconds: incidents are dated. */
  wallTimeMs(): number
  readonly signal: Signal
  /** How many processes of bezel's control group the kernel's memory killer has ended so far; null: nobody counts. */
  oomKills(): number | null
  /** What validation knows of the app's gems; null while it knows nothing. */
  app(): AppKnowledge | null
  /** Whether a run answers an HTTP request now. Must settle by itself. */
  answers(run: number): Promise<boolean>
}
