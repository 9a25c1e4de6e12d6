import type { BezelEvent } from '../events.ts'
import type { Clock } from '../resilience/drive.ts'

type Told<Tag extends BezelEvent['tag']> = Extract<BezelEvent, { tag: Tag }>

/** One of a server's own workers has crashed. */
export interface ChildCrash {
  readonly worker: number
  readonly run: number
  /** 0: its end was not seen. */
  readonly pid: number
  /** Whether the run had been ready by then. */
  readonly ready: boolean
  /** Of the run, which goes on. */
  readonly uptimeMs: number
}

/**
 * How long the end of a report's writer may take to be seen, in milliseconds. Later none will be: it lived and died between two looks, or
 * is no child of the server but a child's child; or it hangs in its report, which some do for ever.
 */
export const writerEndsWithinMs = 10_000

/**
 * Mode `cluster`: which end of a server's own worker was a crash. All that one has written is read before its end is told, so a report
 * stands before the end that it belongs to; and each report becomes a crash, whether or not its writer's end is seen.
 */
export class ChildDeaths {
  readonly #clock: Clock
  readonly #onCrash: (crash: ChildCrash) => void
  readonly #runs = new Map<number, { readonly worker: number; readonly startedAtMs: number; ready: boolean }>()
  /** Runs with a report whose writer's end was not seen yet. */
  readonly #reported = new Map<number, () => void>()

  constructor(clock: Clock, onCrash: (crash: ChildCrash) => void) {
    this.#clock = clock
    this.#onCrash = onCrash
  }

  started({ worker, run }: Pick<Told<'RunStarted'>, 'worker' | 'run'>): void {
    this.#runs.set(run, { worker, startedAtMs: this.#clock.nowMs(), ready: false })
  }

  ready(run: number): void {
    const known = this.#runs.get(run)
    if (known !== undefined) known.ready = true
  }

  /** A crash report stands on the run's stderr. */
  reported(run: number): void {
    this.#reported.get(run)?.()
    this.#reported.set(
      run,
      this.#clock.at(this.#clock.nowMs() + writerEndsWithinMs, () => this.#crashed(run, 0)),
    )
  }

  ended({ run, pids }: Pick<Told<'ClusterWorkersEnded'>, 'run' | 'pids'>): void {
    if (this.#reported.has(run)) this.#crashed(run, pids[0] ?? 0)
  }

  /** The run ended as asked: a report that stands is that of one of its workers. */
  settle(run: number): void {
    if (this.#reported.has(run)) this.#crashed(run, 0)
  }

  /** The run itself is over. */
  forget(run: number): void {
    this.#runs.delete(run)
    this.#reported.get(run)?.()
    this.#reported.delete(run)
  }

  #crashed(run: number, pid: number): void {
    this.#reported.get(run)?.()
    this.#reported.delete(run)
    const known = this.#runs.get(run)
    if (known === undefined) return
    const { worker, startedAtMs, ready } = known
    this.#onCrash({ worker, run, pid, ready, uptimeMs: Math.round(this.#clock.nowMs() - startedAtMs) })
  }
}
