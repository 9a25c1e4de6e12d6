import type { Clock } from '../resilience/drive.ts'

/** Waits until everything has ended, or for a deadline that later calls can only bring nearer. */
export class StopWait<Outcome> {
  readonly done: Promise<Outcome>
  readonly #clock: Clock
  readonly #hasEnded: () => boolean
  #end: () => void
  #byMs = Number.POSITIVE_INFINITY
  #disarm = () => {}

  /** `outcome` is asked once, at the end. */
  constructor(clock: Clock, hasEnded: () => boolean, outcome: () => Outcome) {
    const { promise, resolve } = Promise.withResolvers<Outcome>()
    this.done = promise
    this.#clock = clock
    this.#hasEnded = hasEnded
    this.#end = () => {
      this.#disarm()
      this.#end = () => {}
      resolve(outcome())
    }
  }

  /** Call after each change. */
  look(): void {
    if (this.#hasEnded()) this.#end()
  }

  by(deadlineMs: number): void {
    if (deadlineMs >= this.#byMs) return
    this.#byMs = deadlineMs
    this.#disarm()
    this.#disarm = this.#clock.at(deadlineMs, () => this.#end())
  }
}
