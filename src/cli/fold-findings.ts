import type { Severity } from '../validation/findings.ts'
import type { Finding } from '../validation/validation-report.ts'

/** Findings that differ in their gem only, behind the first ones that are shown whole. */
export interface Fold {
  readonly code: string
  readonly severity: Severity
  readonly more: readonly string[]
}

/** So many findings of one code, with the same remedy, are shown whole: a bundle that is not installed has one for each gem. */
const shownWhole = 3

/** Keeps the order. */
export function foldFindings(findings: readonly Finding[]): (Finding | Fold)[] {
  const kinds = Map.groupBy(findings, ({ code, severity, remedy }) => [code, severity, ...remedy].join('\n'))
  return [...kinds.values()].flatMap((alike) => {
    const [first] = alike
    if (first === undefined || alike.length <= shownWhole + 1) return alike
    const { code, severity } = first
    return [...alike.slice(0, shownWhole), { code, severity, more: alike.slice(shownWhole).map(({ gem }) => gem ?? 'the app') }]
  })
}
