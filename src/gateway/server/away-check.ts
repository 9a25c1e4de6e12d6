/** Answers a question by an attempt that began after it was asked; whoever asks while one is under way shares the next. */
export class AwayCheck {
  #attempt: () => Promise<boolean>
  #running: Promise<boolean> | null = null
  #next: Promise<boolean> | null = null

  constructor(attempt: () => Promise<boolean>) {
    this.#attempt = attempt
  }

  ask(): Promise<boolean> {
    if (this.#running === null) return this.#start()
    this.#next ??= this.#running.then(() => {
      this.#next = null
      return this.#start()
    })
    return this.#next
  }

  #start(): Promise<boolean> {
    const running = this.#attempt().finally(() => {
      if (this.#running === running) this.#running = null
    })
    this.#running = running
    return running
  }
}
