import type { Signal } from './capture/capture-process.ts'

/** What recovery asks of its surroundings. */
export interface RecoveryPorts {
  /** Unix time in milliseconds: incidents are dated. */
  wallTimeMs(): number
  readonly signal: Signal
  /** Whether a run answers an HTTP request now. Must settle by itself. */
  answers(run: number): Promise<boolean>
}
