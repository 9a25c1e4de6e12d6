/** What picking needs to know of a run. */
export interface RunLoad {
  /** Ready, and neither draining, paused, closed by a suspect, nor in doubt. */
  readonly open: boolean
  /** Requests it holds, the unknown ones of a predecessor included. */
  readonly outstanding: number
  readonly slots: number
  /** Its backlog was full, or it could not be reached: not before this instant. */
  readonly avoidUntilMs: number
  /** It failed too often in a row: not before this instant, unless nothing else is left. */
  readonly ejectedUntilMs: number
}

/** Index of the open run with the fewest outstanding requests and a free slot, or -1. Among equals the first from `cursor` on. */
export function pickRun(runs: readonly RunLoad[], cursor: number, nowMs: number): number {
  let best = -1
  let fewest = Infinity
  for (let step = 0; step < runs.length; step++) {
    const index = (cursor + step) % runs.length
    const run = runs[index]!
    if (!run.open || run.outstanding >= run.slots || run.outstanding >= fewest) continue
    if (run.avoidUntilMs > nowMs || run.ejectedUntilMs > nowMs) continue
    best = index
    fewest = run.outstanding
  }
  return best
}
