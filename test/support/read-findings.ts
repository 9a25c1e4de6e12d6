import { expect } from 'vitest'
import type { CrashReport, Finding } from '../../src/formats/crash-report/crash-report.ts'
import { CrashReportReader } from '../../src/formats/crash-report/crash-report-reader.ts'

/** All findings of a log, fed chunk by chunk. */
export function read(...chunks: readonly (string | Buffer)[]): readonly Finding[] {
  const reader = new CrashReportReader()
  for (const chunk of chunks) reader.push(Buffer.from(chunk))
  return reader.end()
}

/** The one report among them. */
export function onlyReport(findings: readonly Finding[]): CrashReport {
  const reports = findings.filter((finding) => finding.tag === 'CrashReport')
  expect(reports).toHaveLength(1)
  return reports[0]!
}

/** What a report says, without what depends on where it stands. */
export function gist({ header, description, controlFrames, rubyFrames, cFrames, registers, features, mappedFiles }: CrashReport): unknown {
  return { header, description, controlFrames, rubyFrames, cFrames, registers, features, mappedFiles }
}
