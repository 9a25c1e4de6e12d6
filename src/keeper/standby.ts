import type { FromKeeper } from '../data-plane/assemble.ts'
import type { Clock } from '../resilience/drive.ts'
import type { DataPlaneProcess } from './data-plane-link.ts'

/** After the active one serves, so that the two don't compete for the CPU; and after a standby has died. */
const startAfterMs = 300

/**
 * A data plane that is started and waits: a start costs 50 to 300 ms, the more the busier the machine is, and a death
 * comes when it is busy. An idle one costs 20 MB of its own.
 */
export class Standby {
  readonly #clock: Clock
  readonly #create: () => DataPlaneProcess
  #process: DataPlaneProcess | null = null
  #disarm: (() => void) | null = null
  #stopped = false

  constructor(clock: Clock, create: () => DataPlaneProcess) {
    this.#clock = clock
    this.#create = create
  }

  /** Starts one soon, unless there is one. */
  prepare(): void {
    if (this.#stopped || this.#process !== null || this.#disarm !== null) return
    this.#disarm = this.#clock.at(this.#clock.nowMs() + startAfterMs, () => {
      this.#disarm = null
      this.#process = this.#create()
    })
  }

  /** The one that waits, to be the active one from now on; null: none is there. */
  take(): DataPlaneProcess | null {
    const process = this.#process
    this.#process = null
    return process
  }

  /** Says something to the one that waits, if there is one. */
  send(message: FromKeeper): void {
    this.#process?.link.send(message)
  }

  died(process: DataPlaneProcess): void {
    if (process !== this.#process) return
    this.#process = null
    this.prepare()
  }

  stop(): void {
    this.#stopped = true
    this.#disarm?.()
    this.#process?.kill()
    this.#process = null
  }
}
