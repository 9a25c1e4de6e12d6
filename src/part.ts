import type { BezelEvent } from './events.ts'
import type { Clock } from './resilience/drive.ts'

/** What every part gets from whoever assembles it. Nothing in a part reaches for a global clock or random number. */
export interface Outside {
  readonly clock: Clock
  /** A number in [0, 1). */
  random(): number
  /** Tells a fact. Never throws, never blocks. */
  emit(event: BezelEvent): void
}

/** The face that every part shows to `keeper/` and `data-plane/`. */
export interface Part<Snapshot> {
  /** What is true now. Cheap and without side effects: health asks each second. */
  snapshot(): Snapshot
  /** Ends the part; resolves no later than `deadlineMs` (monotonic, of the part's clock), and says what it had to abandon. Idempotent. */
  stop(deadlineMs: number): Promise<Abandoned>
}

/** What a stop cut off. All zero: everything was drained. */
export interface Abandoned {
  readonly requests: number
  readonly transactions: number
  readonly processes: number
}

export const nothingAbandoned: Abandoned = { requests: 0, transactions: 0, processes: 0 }
