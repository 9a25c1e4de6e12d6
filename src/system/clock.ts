import type { Clock } from '../resilience/drive.ts'

/** Longest delay `setTimeout` takes; above it Node fires at once (Node.js documentation, timers). */
const maxTimerMs = 2 ** 31 - 1

/** Monotonic time and timers of this process. Timers keep the process alive until they fire or are cancelled. */
export const systemClock: Clock = {
  nowMs: () => performance.now(),
  at(atMs, call) {
    const timer = setTimeout(call, Math.min(maxTimerMs, Math.max(0, Math.ceil(atMs - performance.now()))))
    return () => clearTimeout(timer)
  },
}
