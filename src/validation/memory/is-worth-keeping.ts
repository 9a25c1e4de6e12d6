import type { ValidationReport } from '../validation-report.ts'

/** Findings that come of more than the files: of permissions, load, or limits. */
const passing: ReadonlySet<string> = new Set(['PROBE_FAILED', 'LOAD_HUNG', 'FILE_UNREADABLE'])

/** Whether the same files would be judged the same. What is refused is judged anew each time: somebody may mend what no path shows. */
export function isWorthKeeping({ verdict, findings }: ValidationReport): boolean {
  return verdict !== 'incompatible' && findings.every(({ severity, code }) => severity !== 'error' && !passing.has(code))
}
