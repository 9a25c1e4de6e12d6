import type { Clock } from '../resilience/drive.ts'

/** Lets workers start in the order in which they asked: a few at the same time, and never two in the same instant. */
export class BootGate {
  readonly #clock: Clock
  readonly #concurrent: number
  readonly #spacingMs: number
  readonly #waiting = new Map<number, () => void>()
  readonly #booting = new Set<number>()
  #isOpen = true
  #nextMs = Number.NEGATIVE_INFINITY
  #disarm = () => {}

  constructor(clock: Clock, concurrent: number, spacingMs: number) {
    this.#clock = clock
    this.#concurrent = concurrent
    this.#spacingMs = spacingMs
  }

  /** Calls `go` once, maybe from inside this call, when it is this worker's turn; then the worker owes a `done`. */
  ask(worker: number, go: () => void): void {
    this.#waiting.set(worker, go)
    this.#admit()
  }

  leave(worker: number): void {
    this.#waiting.delete(worker)
    this.#admit()
  }

  /** Its start has succeeded or failed. Idempotent. */
  done(worker: number): void {
    if (this.#booting.delete(worker)) this.#admit()
  }

  /** Nobody is admitted any more; who asks waits for ever. */
  close(): void {
    this.#isOpen = false
    this.#admit()
  }

  #admit(): void {
    this.#disarm()
    this.#disarm = () => {}
    if (!this.#isOpen) return
    const [next] = this.#waiting
    if (next === undefined || this.#booting.size >= this.#concurrent) return
    const nowMs = this.#clock.nowMs()
    if (nowMs < this.#nextMs) {
      this.#disarm = this.#clock.at(this.#nextMs, () => this.#admit())
      return
    }
    const [worker, go] = next
    this.#waiting.delete(worker)
    this.#booting.add(worker)
    this.#nextMs = nowMs + this.#spacingMs
    go()
    this.#admit()
  }
}
