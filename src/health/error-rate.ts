/** Cumulative counts of a source that may start again from zero. */
export interface Traffic {
  /** Requests answered. */
  readonly answered: number
  /** Answers with a status of 500 or more, and requests cut off. */
  readonly failed: number
}

export interface ErrorRatePolicy {
  /** Length of the window, in milliseconds. */
  readonly windowMs: number
  /** Share of failed answers that is still acceptable, 0 to 1. */
  readonly acceptable: number
  /** Of fewer answers than this in the window the share is chance: they are unacceptable when most of them failed. */
  readonly leastAnswers: number
  /** Fewer failed answers than this say nothing. */
  readonly leastFailed: number
}

export const errorRateDefaults: ErrorRatePolicy = { windowMs: 60_000, acceptable: 0.05, leastAnswers: 20, leastFailed: 3 }

interface Sample {
  readonly atMs: number
  readonly traffic: Traffic
}

/** The share of failed answers within a sliding window, from counters that only grow. */
export class ErrorRate {
  readonly #policy: ErrorRatePolicy
  #samples: Sample[] = []

  constructor(policy: ErrorRatePolicy = errorRateDefaults) {
    this.#policy = policy
  }

  /** Takes the counters as they are now; counters below the last ones are those of a new process. */
  sample(atMs: number, traffic: Traffic): void {
    const last = this.#samples.at(-1)
    if (last !== undefined && (traffic.answered < last.traffic.answered || traffic.failed < last.traffic.failed)) this.#samples = []
    this.#samples.push({ atMs, traffic })
    const oldestMs = atMs - this.#policy.windowMs
    while (this.#samples.length > 2 && (this.#samples[1]?.atMs ?? atMs) <= oldestMs) this.#samples.shift()
  }

  /** What was answered in the window. */
  traffic(): Traffic {
    const first = this.#samples[0]?.traffic
    const last = this.#samples.at(-1)?.traffic
    if (first === undefined || last === undefined) return { answered: 0, failed: 0 }
    const answered = last.answered - first.answered
    // More only when a new process has overtaken the counters of its predecessor unseen.
    return { answered, failed: Math.min(answered, last.failed - first.failed) }
  }

  /** Share of failed answers in the window, 0 to 1; 0 while none was answered. */
  rate(): number {
    const { answered, failed } = this.traffic()
    return answered === 0 ? 0 : failed / answered
  }

  isAcceptable(): boolean {
    const { acceptable, leastAnswers, leastFailed } = this.#policy
    const { answered, failed } = this.traffic()
    return failed < leastFailed || this.rate() <= (answered < leastAnswers ? 0.5 : acceptable)
  }
}
