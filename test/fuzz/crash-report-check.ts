import { CrashReportReader } from '../../src/formats/crash-report/crash-report-reader.ts'
import { explainLog } from '../../src/recovery/blame/explain-log.ts'
import { redactReport } from '../../src/redact.ts'

/** A name in an answer that no input can have put there. */
const everKnown = /^[\w .@/+:#!?=*-]{1,120}$/

/**
 * What must hold for any bytes: no exception, an answer that is whole, redacted and plain data, bounded lists, no certainty about nobody.
 * Returns what is wrong, or null.
 */
export function checkInput(bytes: Buffer, chunkSize: number): string | null {
  const reader = new CrashReportReader()
  for (let at = 0; at < bytes.length; at += chunkSize) reader.push(bytes.subarray(at, at + chunkSize))
  const findings = reader.end()
  const { main, events } = explainLog(findings, { exitStatus: null })
  for (const { explanation } of [{ explanation: main }, ...events]) {
    const { culprit, confidence, summary, evidence, fingerprint } = explanation
    if (summary === '' || evidence.length === 0) return 'an answer without a sentence'
    if (!/^[0-9a-f]{16}$/.test(fingerprint)) return `fingerprint ${fingerprint}`
    if (evidence.length > 20 || summary.length > 1_000) return 'an answer without bound'
    if (culprit?.gem === '') return 'a culprit without a name'
    if (
      culprit?.gem !== null &&
      culprit?.gem !== undefined &&
      confidence !== 'unknown' &&
      confidence !== 'suspected' &&
      !everKnown.test(culprit.gem)
    )
      return `sure of "${culprit.gem}"`
    if (redactReport(summary) !== summary) return 'something to redact'
  }
  return findings.length > 512 ? 'findings without bound' : null
}
