/**
 * Whether an ended run held requests: the question of the workers and the answer of the data plane, whichever comes first.
 * The workers bound their wait; a run is asked about at most once.
 */
export class HeldAnswers {
  readonly #known = new Map<number, boolean>()
  readonly #asked = new Map<number, (held: boolean) => void>()

  ask(run: number): Promise<boolean> {
    const known = this.#known.get(run)
    this.#known.delete(run)
    if (known !== undefined) return Promise.resolve(known)
    return new Promise((resolve) => this.#asked.set(run, resolve))
  }

  answer(run: number, held: boolean): void {
    const asked = this.#asked.get(run)
    this.#asked.delete(run)
    if (asked !== undefined) return asked(held)
    this.#known.set(run, held)
    // Not every end is asked about: what nobody asked for is dropped, oldest first.
    const oldest = this.#known.size > 64 ? this.#known.keys().next().value : undefined
    if (oldest !== undefined) this.#known.delete(oldest)
  }
}
