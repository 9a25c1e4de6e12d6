/** Round trips of the last health checks. */
export class ResponseTimes {
  #lastMs: number[] = []

  note(tookMs: number): void {
    this.#lastMs.push(tookMs)
    if (this.#lastMs.length > 20) this.#lastMs.shift()
  }

  /** Null before the first. */
  get averageMs(): number | null {
    return this.#lastMs.length === 0 ? null : this.#lastMs.reduce((sum, ms) => sum + ms, 0) / this.#lastMs.length
  }
}
