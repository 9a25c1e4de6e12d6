import { isAbsolute, relative } from 'node:path'
import type { Severity } from '../validation/findings.ts'
import type { Finding, ValidationReport } from '../validation/validation-report.ts'
import { countFindings } from './doctor-format.ts'

const kinds: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', note: 'notice' }

/** Annotations of GitHub Actions (its "Workflow commands" page): one line a finding; and a line of sum, which is none. `here`: the checkout. */
export function formatGithub(report: ValidationReport, here: string): string {
  return [...report.findings.map((finding) => toAnnotation(finding, here)), `${report.verdict}: ${countFindings(report)}`].join('\n')
}

function toAnnotation({ code, severity, gem, evidence, explanation, remedy }: Finding, here: string): string {
  const seen = evidence.map(({ what, where }) => `seen: ${what} (${where})`)
  const text = [explanation, ...seen, ...remedy.map((line) => `remedy: ${line}`)].join('\n')
  const title = `title=${property(`${gem === null ? '' : `${gem}: `}${code}`)}`
  return `::${kinds[severity]} ${[...position(evidence[0]?.where ?? '', here), title].join(',')}::${escaped(text)}`
}

/** A file of the checkout, with its line where that is known; gems are no part of it. */
function position(where: string, here: string): string[] {
  const [, file = where, line] = /^(.*?)(?::(\d+))?$/s.exec(where) ?? []
  const path = relative(here, file)
  if (!isAbsolute(file) || path.startsWith('..') || path.includes('vendor/bundle/') || path === '') return []
  return [`file=${property(path)}`, ...(line === undefined ? [] : [`line=${line}`])]
}

function escaped(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function property(text: string): string {
  return escaped(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
