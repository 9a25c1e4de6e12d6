import type { WorkerError } from './worker-process-status.ts'

const maxMessageLength = 1_000

/** The last errors of a worker, the newest last. */
export class ErrorHistory {
  readonly #size: number
  #errors: WorkerError[] = []

  constructor(size: number) {
    this.#size = size
  }

  add(wallTimeMs: number, run: number | null, message: string): void {
    const error = { at: new Date(wallTimeMs).toISOString(), run, message: message.slice(0, maxMessageLength) }
    this.#errors = [...this.#errors, error].slice(-this.#size)
  }

  read(): readonly WorkerError[] {
    return this.#errors
  }
}
