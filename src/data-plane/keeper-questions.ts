/** What the keeper says of a run whose upstream connection closed. */
export type RunFate = 'alive' | 'exited'

/**
 * Questions to the keeper about runs: several requests of one run ask at the same time, one message goes out.
 * Whoever asks bounds the wait; an unanswered question costs one entry a run.
 */
export class KeeperQuestions {
  readonly #send: (run: number) => void
  readonly #waiting = new Map<number, ((fate: RunFate) => void)[]>()

  constructor(send: (run: number) => void) {
    this.#send = send
  }

  ask(run: number): Promise<RunFate> {
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(run)
      if (waiting !== undefined) return void waiting.push(resolve)
      this.#waiting.set(run, [resolve])
      this.#send(run)
    })
  }

  answer(run: number, fate: RunFate): void {
    const waiting = this.#waiting.get(run)
    this.#waiting.delete(run)
    for (const resolve of waiting ?? []) resolve(fate)
  }
}
