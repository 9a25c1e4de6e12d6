import type { Clock } from '../resilience/drive.ts'

/** Answers that are waited for, by name and with an end: `late` when it has come. */
export class Expectations {
  readonly #clock: Clock
  readonly #waiting = new Map<string, (answer: string) => void>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** A second expectation of the same name ends the first one with `late`. */
  expect(name: string, withinMs: number): Promise<string> {
    this.settle(name, 'late')
    return new Promise((resolve) => {
      const disarm = this.#clock.at(this.#clock.nowMs() + withinMs, () => this.settle(name, 'late'))
      this.#waiting.set(name, (answer) => {
        disarm()
        resolve(answer)
      })
    })
  }

  settle(name: string, answer: string): void {
    const resolve = this.#waiting.get(name)
    this.#waiting.delete(name)
    resolve?.(answer)
  }

  /** Settles all whose names pass. */
  settleWhere(passes: (name: string) => boolean, answer: string): void {
    for (const name of this.#waiting.keys()) if (passes(name)) this.settle(name, answer)
  }
}
