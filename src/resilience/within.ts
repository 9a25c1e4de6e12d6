import type { Clock } from './drive.ts'

/** What the work comes to, or null when it took longer; the work goes on all the same. Rejects as it does. */
export async function within<Result>(clock: Clock, work: Promise<Result>, ms: number): Promise<Result | null> {
  const { promise: late, resolve } = Promise.withResolvers<null>()
  const disarm = clock.at(clock.nowMs() + ms, () => resolve(null))
  return Promise.race([work, late]).finally(disarm)
}
