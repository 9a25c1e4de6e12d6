import type { Clock } from '../resilience/drive.ts'

const everyMs = 20

/** Asks again and again until it is so, or `deadlineMs` (monotonic) has come. */
export async function waitUntil(clock: Clock, deadlineMs: number, isSo: () => boolean): Promise<void> {
  while (!isSo() && clock.nowMs() < deadlineMs) {
    const atMs = Math.min(deadlineMs, clock.nowMs() + everyMs)
    await new Promise<void>((resolve) => void clock.at(atMs, resolve))
  }
}
