import type { Clock } from '../resilience/drive.ts'

/** Longest delay `setTimeout` takes; above it Node fires at once (Node.js documentation, timers). */
const maxTimerMs = 2 ** 31 - 1

/** The clock of `performance.now()`, which would load eight modules first: a command that ends soon feels that. */
const nowMs = (): number => process.uptime() * 1_000

/** Monotonic time and timers of this process. Timers keep the process alive until they fire or are cancelled. */
export const systemClock: Clock = {
  nowMs,
  at(atMs, call) {
    const timer = setTimeout(call, Math.min(maxTimerMs, Math.max(0, Math.ceil(atMs - nowMs()))))
    return () => clearTimeout(timer)
  },
}
