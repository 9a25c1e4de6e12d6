import { styleText } from 'node:util'
import type { ValidationSettings } from '../validation/options.ts'
import type { Severity } from '../validation/findings.ts'
import type { Finding, ValidationReport } from '../validation/validation-report.ts'

type Style = 'red' | 'yellow' | 'green' | 'dim' | 'bold'

const marks: Readonly<Record<Severity, { readonly word: string; readonly style: Style }>> = {
  error: { word: 'error', style: 'red' },
  warning: { word: 'warning', style: 'yellow' },
  note: { word: 'note', style: 'dim' },
}

/** The report for eyes: the verdict's findings worst first, then one line of sum. */
export function formatReport(report: ValidationReport, settings: Pick<ValidationSettings, 'appPath' | 'root'>, colour: boolean): string {
  const paint = (style: Style, text: string) => (colour ? styleText(style, text, { validateStream: false }) : text)
  const { ruby, gems, extensions, scope, verdict, tookMs } = report
  const native = `${gems.length} ${gems.length === 1 ? 'gem' : 'gems'} with native code, ${extensions} ${extensions === 1 ? 'extension' : 'extensions'}`
  const sum = {
    compatible: paint('green', 'compatible'),
    incompatible: paint('red', 'incompatible'),
    unknown: paint('yellow', 'unknown'),
  }[verdict]
  return [
    ...report.findings.flatMap((finding) => [...formatFinding(finding, paint), '']),
    `${paint('bold', 'app')}    ${settings.root ?? ''}${settings.appPath}${ruby === null ? '' : scope === 'lock' ? ' (gems of Gemfile.lock)' : ' (all installed gems)'}`,
    ...(ruby === null ? [] : [`${paint('bold', 'ruby')}   ${ruby.version}, ABI ${ruby.abi}, ${ruby.path}`]),
    ...(ruby === null ? [] : [`${paint('bold', 'gems')}   ${native}`]),
    `${sum}, in ${tookMs} ms`,
  ].join('\n')
}

export function formatFinding(
  { code, severity, gem, evidence, explanation, remedy }: Finding,
  paint: (style: Style, text: string) => string,
): string[] {
  const { word, style } = marks[severity]
  return [
    `${paint(style, word)}  ${gem === null ? '' : `${paint('bold', gem)}: `}${explanation} ${paint('dim', code)}`,
    ...evidence.map(({ what, where }) => `    seen  ${what}\n          ${paint('dim', where)}`),
    ...remedy.map((line) => `    type  ${paint('bold', line)}`),
  ]
}

/** Annotations of GitHub Actions (its "Workflow commands" page): one line a finding. */
export function formatGithub({ findings }: ValidationReport): string {
  const kinds: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', note: 'notice' }
  return findings
    .map(({ code, severity, gem, evidence, explanation, remedy }) => {
      const seen = evidence.map(({ what, where }) => `seen: ${what} (${where})`)
      const text = [explanation, ...seen, ...remedy.map((line) => `type: ${line}`)].join('\n')
      return `::${kinds[severity]} title=${property(`${gem === null ? '' : `${gem}: `}${code}`)}::${escaped(text)}`
    })
    .join('\n')
}

function escaped(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function property(text: string): string {
  return escaped(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
