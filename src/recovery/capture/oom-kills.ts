/** Whether the kernel's memory killer has struck lately, by the count of its kills in bezel's control group. */
export class OomKills {
  readonly #read: () => number | null
  #before: number | null
  #latest: number | null

  /** `read` answers null where nobody counts. */
  constructor(read: () => number | null) {
    this.#read = read
    this.#before = read()
    this.#latest = this.#before
  }

  /** Once in a while: what was counted before the last two calls is not lately. */
  sample(): void {
    this.#before = this.#latest
    this.#latest = this.#read()
  }

  /** Null: nobody counts. */
  struckLately(): boolean | null {
    const now = this.#read()
    return now === null || this.#before === null ? null : now > this.#before
  }
}
