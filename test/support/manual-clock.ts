import type { Clock } from '../../src/resilience/drive.ts'

interface Alarm {
  readonly atMs: number
  readonly call: () => void
}

/** A clock that stands still until a test turns it. Monotonic milliseconds, from 0 unless told otherwise. */
export class ManualClock implements Clock {
  #nowMs: number
  #alarms: Alarm[] = []

  constructor(nowMs = 0) {
    this.#nowMs = nowMs
  }

  /** Alarms that are set: zero at the end of a test that left no timer behind. */
  get armed(): number {
    return this.#alarms.length
  }

  nowMs(): number {
    return this.#nowMs
  }

  /** Like the real one it never calls back from inside `at`, not even for an instant that has passed. */
  at(atMs: number, call: () => void): () => void {
    const alarm = { atMs, call }
    this.#alarms.push(alarm)
    return () => {
      this.#alarms = this.#alarms.filter((other) => other !== alarm)
    }
  }

  /**
   * Turns the hand forward; each alarm rings at its own instant, the earliest first, those it sets included.
   * Stops after 10,000 alarms: something then rings for ever without time passing.
   */
  turn(byMs: number): void {
    const endMs = this.#nowMs + byMs
    for (let rung = 0; rung < 10_000; rung += 1) {
      const next = this.#earliest(endMs)
      if (next === undefined) {
        this.#nowMs = endMs
        return
      }
      this.#alarms = this.#alarms.filter((alarm) => alarm !== next)
      this.#nowMs = Math.max(this.#nowMs, next.atMs)
      next.call()
    }
    throw new Error(`10,000 alarms rang before ${endMs} ms: an alarm sets itself again without end`)
  }

  #earliest(endMs: number): Alarm | undefined {
    let earliest: Alarm | undefined
    for (const alarm of this.#alarms) if (alarm.atMs <= endMs && (earliest === undefined || alarm.atMs < earliest.atMs)) earliest = alarm
    return earliest
  }
}
