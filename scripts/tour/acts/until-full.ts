import type { BezelEvent } from '../../../src/events.ts'
import { toldAtMs } from '../../../test/support/fact-log.ts'

/** From the first of these runs' ends until, after the last one's, as many workers as wanted were ready; null: not yet. */
export function millisecondsUntilFull(facts: readonly BezelEvent[], runs: readonly number[], workers: number): number | null {
  const ready = new Set<number>()
  const left = new Set(runs)
  let firstEndMs: number | null = null
  for (const fact of facts) {
    if (fact.tag === 'RunReady') ready.add(fact.run)
    if (fact.tag === 'RunExited') {
      ready.delete(fact.run)
      if (left.delete(fact.run)) firstEndMs ??= toldAtMs(fact)
    }
    if (firstEndMs !== null && left.size === 0 && ready.size >= workers) return toldAtMs(fact) - firstEndMs
  }
  return null
}
