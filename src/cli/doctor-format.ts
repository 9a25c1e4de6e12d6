import { dirname, join } from 'node:path'
import { stripVTControlCharacters, styleText } from 'node:util'
import { isCommand } from '../validation/remedies/command-line.ts'
import type { ValidationSettings } from '../validation/options.ts'
import type { Severity } from '../validation/findings.ts'
import type { Finding, ValidationReport } from '../validation/validation-report.ts'
import { foldFindings, type Fold } from './fold-findings.ts'

type Style = 'red' | 'yellow' | 'green' | 'dim' | 'bold'
export type Paint = (style: Style, text: string) => string

const marks: Readonly<Record<Severity, { readonly word: string; readonly style: Style }>> = {
  error: { word: 'error', style: 'red' },
  warning: { word: 'warning', style: 'yellow' },
  note: { word: 'note', style: 'dim' },
}

const scopes = { lock: ' (gems of Gemfile.lock)', gemfile: ' (what the Gemfile asks for)', installed: ' (all installed gems)' } as const

const verdictStyle = { compatible: 'green', incompatible: 'red', unknown: 'yellow' } as const

export interface Scene extends Pick<ValidationSettings, 'appPath' | 'root'> {
  /** The folder in which the reader stands. */
  readonly here: string
}

/** The report for eyes: the verdict's findings worst first, then one line of sum. */
export function formatReport(report: ValidationReport, scene: Scene, colour: boolean): string {
  const paint: Paint = (style, text) => (colour ? styleText(style, text, { validateStream: false }) : text)
  const { ruby, scope, verdict, tookMs } = report
  const gems = `${counted(report.gems.length, 'gem')} with native code, ${counted(report.extensions, 'extension')}`
  const typed = whereToType(report, scene)
  const of = ruby === null ? '' : scopes[scope]
  const facts = [
    ['app', `${plain(join(scene.root ?? '/', scene.appPath))}${of}`],
    ...(ruby === null
      ? []
      : [
          ['ruby', `${ruby.version}, ABI ${ruby.abi}, ${plain(ruby.path)}`],
          ['gems', gems],
        ]),
    ...(typed === null ? [] : [['type', typed]]),
  ] as const
  return [
    ...foldFindings(report.findings).flatMap((each) => [...('more' in each ? formatFold(each, paint) : formatFinding(each, paint)), '']),
    ...facts.map(([name = '', text]) => `${paint('bold', name)}${' '.repeat(7 - name.length)}${text}`),
    `${paint(verdictStyle[verdict], verdict)}: ${countFindings(report)}, in ${tookMs} ms`,
  ].join('\n')
}

/** More names than a line holds. */
const namesShown = 12

function formatFold({ code, severity, more }: Fold, paint: Paint): string[] {
  const { word, style } = marks[severity]
  const rest = more.length > namesShown ? ', …' : ''
  return [
    `${paint(style, word)}  the same of ${more.length} more: ${plain(more.slice(0, namesShown).join(', '))}${rest} ${paint('dim', code)}`,
  ]
}

/** What there is of each severity. */
export function countFindings({ findings }: ValidationReport): string {
  const counts = (['error', 'warning', 'note'] as const).flatMap((severity) => {
    const count = findings.filter((finding) => finding.severity === severity).length
    return count === 0 ? [] : [counted(count, severity)]
  })
  return counts.length === 0 ? 'nothing found' : counts.join(', ')
}

export function formatFinding({ code, severity, gem, evidence, explanation, remedy }: Finding, paint: Paint): string[] {
  const { word, style } = marks[severity]
  return [
    `${paint(style, word)}  ${gem === null ? '' : `${paint('bold', plain(gem))}: `}${plain(explanation)} ${paint('dim', code)}`,
    ...evidence.map(({ what, where }) => `    seen  ${plain(what)}\n          ${paint('dim', plain(where))}`),
    ...remedy.map((line) => (isCommand(line) ? `    type  ${paint('bold', plain(line))}` : `    do    ${plain(line)}`)),
  ]
}

/** Where the commands belong, when that isn't where the reader stands. */
function whereToType({ findings, ruby }: ValidationReport, { root, appPath, here }: Scene): string | null {
  if (!findings.some(({ remedy }) => remedy.some(isCommand))) return null
  if (root !== null) return `the commands as root inside it (chroot, docker run), in ${plain(appPath)}`
  // Without a Ruby it is a Dockerfile that was read.
  const folder = ruby === null ? dirname(appPath) : appPath
  return folder === here ? null : `the commands in ${plain(folder)}`
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

/** Names in files that were read may hold whatever a terminal obeys. */
function plain(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, '\u{fffd}')
}
