import type { Clock } from './drive.ts'

/** Calls again and again, `ms` apart; returns what ends it. */
export function every(clock: Clock, ms: number, call: () => void): () => void {
  let disarm = () => {}
  const arm = () => {
    disarm = clock.at(clock.nowMs() + ms, () => {
      arm()
      call()
    })
  }
  arm()
  return () => disarm()
}
