import type { Finding } from '../../formats/crash-report/crash-report.ts'
import { CrashReportReader } from '../../formats/crash-report/crash-report-reader.ts'

/** What a dying process said of it; empty strings are never told. */
export interface LastWords {
  readonly message: string
  /** Function and file of the fault, or the source line of an assertion; null where nothing names one. */
  readonly site: string | null
}

/** A crash report says more than an abort's line, that more than a loader's, that more than an exception's. */
const order: readonly Finding['tag'][] = ['CrashReport', 'AbortNote', 'LoadFailure', 'ExceptionNote', 'DeathNote']
const maxMessage = 300

/** Reads what a probe wrote to stderr before it died; `files` are those that it loaded. Null: it died without a word. */
export function readLastWords(stderr: string, files: readonly string[]): LastWords | null {
  const reader = new CrashReportReader()
  reader.push(Buffer.from(stderr))
  const findings = reader.end()
  for (const tag of order) {
    const finding = findings.find((each) => each.tag === tag)
    if (finding !== undefined) return toWords(finding, new Set(files))
  }
  const first = stderr.split('\n').find((line) => line.trim() !== '')
  return first === undefined ? null : { message: first.trim().slice(0, maxMessage), site: null }
}

function toWords(finding: Finding, files: ReadonlySet<string>): LastWords {
  switch (finding.tag) {
    case 'CrashReport': {
      const { header, cFrames } = finding
      const frame = cFrames.find(({ library }) => library !== null && files.has(library))
      const site = frame === undefined ? null : `${frame.symbol ?? frame.offset ?? 'an unnamed function'} of ${frame.library ?? ''}`
      return { message: `[BUG] ${header?.message ?? 'a crash report without its beginning'}`.slice(0, maxMessage), site }
    }
    case 'AbortNote':
      return { message: finding.message.slice(0, maxMessage), site: finding.function ?? finding.source }
    case 'LoadFailure':
      return { message: finding.message.slice(0, maxMessage), site: finding.symbol ?? finding.subject }
    case 'ExceptionNote':
      return { message: `${finding.className}: ${finding.message}`.slice(0, maxMessage), site: null }
    case 'DeathNote':
      return { message: finding.message.slice(0, maxMessage), site: finding.library }
  }
}
