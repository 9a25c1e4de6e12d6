import type { Alternative, Confidence, Culprit } from './explanation.ts'

/** Who is blamed and why: the common answer of each reader of evidence, before known causes are looked up. */
export interface Blame {
  readonly culprit: Culprit | null
  readonly confidence: Confidence
  readonly evidence: readonly string[]
  readonly alternatives: readonly Alternative[]
}

export const nobody: Culprit = { gem: null, version: null, library: null, file: null, function: null, rubyLine: null }

const order: readonly Confidence[] = ['unknown', 'suspected', 'likely', 'certain']

export function atMost(confidence: Confidence, ceiling: Confidence): Confidence {
  return order.indexOf(confidence) <= order.indexOf(ceiling) ? confidence : ceiling
}

export function atLeast(confidence: Confidence, floor: Confidence): Confidence {
  return order.indexOf(confidence) >= order.indexOf(floor) ? confidence : floor
}

/** `pg 1.5.1`, `pg`, `libpq.so.5`, or null for nobody. */
export function nameOf(culprit: Culprit | null): string | null {
  if (culprit === null) return null
  if (culprit.gem === null) return culprit.library
  return culprit.version === null ? culprit.gem : `${culprit.gem} ${culprit.version}`
}
