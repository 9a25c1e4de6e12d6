import { findingRules } from '../validation/findings.ts'
import type { IgnoredFinding } from '../validation/options.ts'
import { closestName } from './closest-name.ts'
import { didYouMean } from './value-problems.ts'

/** A misspelt finding would silence nothing, without a word. An error it is not: an older bezel reads a newer one's file. */
export function noticesOfIgnore(ignore: readonly IgnoredFinding[]): string[] {
  const unknown = new Set(ignore.flatMap(({ code }) => (Object.hasOwn(findingRules, code) ? [] : [code])))
  return [...unknown].map((code) => {
    const meant = didYouMean(closestName(code, Object.keys(findingRules)))
    return `"ignore" in bezel.yml names ${code}, which is no finding${meant === '' ? '; docs/findings.md lists them' : meant}`
  })
}
