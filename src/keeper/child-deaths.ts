import type { BezelEvent } from '../events.ts'
import type { Clock } from '../resilience/drive.ts'

export type ChildrenEnded = Extract<BezelEvent, { tag: 'ClusterWorkersEnded' }>

/** An end and a report that are further apart don't belong together. */
const togetherMs = 5_000

/** What a dead process has written may still lie in its pipe. */
const readMs = 100

/**
 * Mode `cluster`: which end of a server's own worker was a crash. A busy keeper may see the pid gone before it has read the report, so
 * the two are paired in either order.
 */
export class ChildDeaths {
  readonly #clock: Clock
  readonly #onCrash: (ended: ChildrenEnded) => void
  readonly #reportedMs = new Map<number, number>()
  readonly #ended = new Map<number, { readonly event: ChildrenEnded; readonly atMs: number }>()
  readonly #disarm = new Map<number, () => void>()

  constructor(clock: Clock, onCrash: (ended: ChildrenEnded) => void) {
    this.#clock = clock
    this.#onCrash = onCrash
  }

  /** A whole crash report stands on the run's stderr. */
  reported(run: number): void {
    this.#reportedMs.set(run, this.#clock.nowMs())
    this.#pair(run)
  }

  ended(event: ChildrenEnded): void {
    this.#ended.set(event.run, { event, atMs: this.#clock.nowMs() })
    this.#pair(event.run)
  }

  /** The run itself is over, or watched no longer. */
  forget(run: number): void {
    this.#reportedMs.delete(run)
    this.#ended.delete(run)
    this.#disarm.get(run)?.()
    this.#disarm.delete(run)
  }

  #pair(run: number): void {
    const ended = this.#ended.get(run)
    const reportedMs = this.#reportedMs.get(run)
    if (ended === undefined || reportedMs === undefined) return
    // A report may be written for long; an end waits for no later one.
    if (reportedMs - ended.atMs > togetherMs) return void this.#ended.delete(run)
    this.#reportedMs.delete(run)
    this.#ended.delete(run)
    // A second crash at the same moment is told by the same text.
    if (this.#disarm.has(run)) return
    this.#disarm.set(
      run,
      this.#clock.at(this.#clock.nowMs() + readMs, () => {
        this.#disarm.delete(run)
        this.#onCrash(ended.event)
      }),
    )
  }
}
