/** Counts failures of all workers in a sliding window: many workers that fail a little are a cascade too. */
export class FailureBudget {
  readonly #limit: number
  readonly #windowMs: number
  #failuresAtMs: number[] = []

  constructor(limit: number, windowMs: number) {
    this.#limit = limit
    this.#windowMs = windowMs
  }

  /** Failures within the window, as of the last one; at most the limit. */
  get spent(): number {
    return this.#failuresAtMs.length
  }

  /** Notes one failure; true when the budget is now spent. */
  spend(nowMs: number): boolean {
    this.#failuresAtMs = [...this.#failuresAtMs.filter((atMs) => atMs > nowMs - this.#windowMs), nowMs].slice(-this.#limit)
    return this.#failuresAtMs.length >= this.#limit
  }
}
