/** What the tests came to. */
export interface Tally {
  readonly passed: number
  readonly failed: number
  /** Full names: file, then title. */
  readonly skipped: readonly string[]
}

/** The part that is read of the report of vitest's reporter `json` (vitest documentation, "Reporters"). */
interface Report {
  readonly testResults: readonly {
    readonly name: string
    readonly status: string
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[]
  }[]
}

/**
 * Counts a report; `exitCode` is that of vitest. A file that failed without a failed test in it (it could not be imported, a hook threw)
 * is one failure; so is a run that failed although every test passed (an unhandled error) or left no report (null).
 */
export function toTally(report: string | null, exitCode: number): Tally {
  if (report === null) return { passed: 0, failed: 1, skipped: [] }
  const files = (JSON.parse(report) as Report).testResults
  const tests = files.flatMap(({ name, assertionResults }) => assertionResults.map((test) => ({ ...test, name })))
  const brokenFiles = files.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  )
  const failed = tests.filter(({ status }) => status === 'failed').length + brokenFiles.length
  return {
    passed: tests.filter(({ status }) => status === 'passed').length,
    failed: failed === 0 && exitCode !== 0 ? 1 : failed,
    skipped: tests.filter(({ status }) => status !== 'passed' && status !== 'failed').map(({ name, fullName }) => `${name} ${fullName}`),
  }
}
