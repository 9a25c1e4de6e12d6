/** Buckets of answer times: bucket n counts those below 2^n milliseconds, the last one all longer ones. */
const durationBuckets = 18

/** Counters since the data plane began. */
export class Tally {
  requests = 0
  refused = 0
  /** Clients closed on arrival because there were too many. */
  dropped = 0
  queueFull = 0
  queueExpired = 0
  overdue = 0
  repeated = 0
  cut = 0
  upgraded = 0
  /** Answers by the first digit of their status. */
  readonly byClass = new Uint32Array(6)
  readonly durations = new Uint32Array(durationBuckets)

  answered(status: number, tookMs: number): void {
    this.byClass[Math.floor(status / 100)]!++
    const bucket = tookMs < 1 ? 0 : 32 - Math.clz32(tookMs)
    this.durations[bucket < durationBuckets ? bucket : durationBuckets - 1]!++
  }
}
