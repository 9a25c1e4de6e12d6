import { styleText } from 'node:util'
import type { Explanation } from '../recovery/blame/explanation.ts'
import type { IncidentPointer } from './incident-pointers.ts'
import { isCommand, remedyLines } from './remedy-lines.ts'

/** All deaths of one fingerprint. */
export interface Group {
  readonly count: number
  /** Time of the log line, else of the file, else the line's number. */
  readonly first: string
  readonly last: string
  /** `FILE:LINE`. */
  readonly firstPlace: string
  readonly lastPlace: string
  readonly explanation: Explanation
}

const width = 100
const maxEvidence = 6
const maxAlternatives = 3
const maxRemedy = 6
/** A loader's message may repeat a path ten times: a screen has 24 lines. */
const maxEvidenceUnits = 360

/** One screen: what happened, who, how sure and why, what to type. */
export function formatExplanation(explanation: Explanation, deaths: number, colour: boolean): string {
  const { confidence, evidence, alternatives, link } = explanation
  const strong = (text: string): string => (colour ? styleText('bold', text, { validateStream: false }) : text)
  const platform = [explanation.ruby === null ? null : `Ruby ${explanation.ruby}`, explanation.platform]
    .filter((part) => part !== null)
    .join(', ')
  const lines = [
    ...wrap(explanation.summary, width).map((line) => strong(line)),
    '',
    ...section('kind', [platform === '' ? explanation.kind : `${explanation.kind}; ${platform}`]),
    ...section('who', [who(explanation)]),
    ...section('how sure', [`${confidence}${sureness[confidence]}`]),
    ...section(
      'because',
      evidence.slice(0, maxEvidence).map((line) => cap(line, maxEvidenceUnits)),
    ),
    ...section(
      'or',
      alternatives.slice(0, maxAlternatives).map((other) => `${other.who}: ${other.why}`),
    ),
    ...remedySection(remedyLines(explanation).slice(0, maxRemedy)),
    ...section('see', link === null ? [] : [link]),
    ...section('id', [explanation.fingerprint]),
  ]
  if (deaths > 1) lines.push('', `This log holds ${deaths} deaths; the weightiest is shown. All of them: bezel explain --group`)
  return lines.join('\n')
}

const sureness: Readonly<Record<Explanation['confidence'], string>> = {
  certain: '',
  likely: ': one step of inference',
  suspected: ': plausible, and others are too',
  unknown: ': the evidence names nobody',
}

function who({ culprit, kind }: Explanation): string {
  if (culprit === null) return 'nobody is named'
  const { gem, version, library, function: symbol, rubyLine } = culprit
  const named = gem === null ? (library ?? 'no gem: the application') : `${gem}${version === null ? '' : ` ${version}`}`
  const where = [
    gem === null ? null : library,
    symbol === null ? null : `${kind === 'symbol-lookup' ? 'misses' : 'in'} ${symbol}`,
    rubyLine === null ? null : `called at ${rubyLine}`,
  ].filter((part) => part !== null)
  return where.length === 0 ? named : `${named} (${where.join(', ')})`
}

const mostPointers = 10

/** The crashes whose reports bezel kept in incidents, newest last, and what shows each. */
export function formatPointers(pointers: readonly IncidentPointer[]): string {
  const shown = pointers.slice(-mostPointers)
  const left = pointers.length - shown.length
  return [
    `bezel recorded ${pointers.length === 1 ? 'a crash' : `${pointers.length} crashes`} in this log; the ${pointers.length === 1 ? 'report is in its incident' : 'reports are in the incidents'}:`,
    ...(left > 0 ? [`  … and ${left} before these: bezel incidents`] : []),
    ...shown.flatMap(({ id, summary }) => [`  ${cap(summary, maxEvidenceUnits)}`, `  try: bezel incidents ${id}`]),
  ].join('\n')
}

/** One line a group, the commonest first. */
export function formatGroups(groups: readonly Group[]): string {
  if (groups.length === 0) return 'nothing in this tells of a crash'
  return groups
    .map(({ count, first, last, firstPlace, lastPlace, explanation }) => {
      const when = count === 1 ? `once, ${first} (${firstPlace})` : `first ${first} (${firstPlace}), last ${last} (${lastPlace})`
      return `${String(count).padStart(5)} × ${explanation.fingerprint}  ${cap(explanation.summary, 120)}\n${' '.repeat(8)}${explanation.confidence}; ${when}`
    })
    .join('\n')
}

function cap(text: string, units: number): string {
  return text.length <= units ? text : `${text.slice(0, units - 1)}…`
}

/** A command stands on one line whatever its length, so that it can be pasted. */
function remedySection(lines: readonly string[]): string[] {
  return lines.flatMap((line, index) => {
    const title = (index === 0 ? 'try' : '').padEnd(10)
    return isCommand(line) ? [`${title}$ ${line}`] : section(index === 0 ? 'try' : '', [line])
  })
}

/** Entries below each other, wrapped, with a title in the first ten columns. */
export function section(title: string, entries: readonly string[]): string[] {
  return entries.flatMap((entry, index) =>
    wrap(entry, width - 10).map(
      (line, further) => `${(index === 0 && further === 0 ? title : '').padEnd(10)}${further === 0 ? '' : '  '}${line}`,
    ),
  )
}

/** Breaks at spaces; a word longer than the line (a path, a command) stays whole. */
function wrap(text: string, columns: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
