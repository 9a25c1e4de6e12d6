import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { CrashReportReader } from '../src/formats/crash-report/crash-report-reader.ts'
import { explainLog } from '../src/recovery/blame/explain-log.ts'
import type { Explanation } from '../src/recovery/blame/explanation.ts'

/** What a sample's `NAME.json` says is true about `NAME.txt`. */
export interface Truth {
  readonly kind: string
  readonly ruby: string | null
  readonly gem: string | null
  readonly gem_version: string | null
  readonly culprit_library: string | null
  readonly exit_status?: number | null
}

export interface Verdict {
  readonly name: string
  readonly truth: Truth
  readonly told: Explanation
  readonly kindRight: boolean
  readonly culpritRight: boolean
  readonly confidentlyWrong: boolean
}

/** Reads one log as `bezel explain` does, and judges the answer. */
export function judgeSample(name: string, log: Buffer, truth: Truth): Verdict {
  const reader = new CrashReportReader()
  reader.push(log)
  const exitStatus = truth.exit_status === undefined || truth.exit_status === null ? null : { code: truth.exit_status, signal: null }
  const told = explainLog(reader.end(), { exitStatus }).main
  const gem = told.culprit?.gem ?? null
  const named = gem !== null && told.confidence !== 'unknown'
  return {
    name,
    truth,
    told,
    kindRight: told.kind === truth.kind,
    culpritRight: named ? sameGem(gem, truth) && sameVersion(told, truth) : truth.gem === null || !namesGem(log.toString('utf8'), truth),
    confidentlyWrong: named && (told.confidence === 'certain' || told.confidence === 'likely') && !sameGem(gem, truth),
  }
}

function sameGem(gem: string, truth: Truth): boolean {
  return truth.gem !== null && plain(gem) === plain(truth.gem)
}

/** A version that is told must be the true one; one that is not told is no error where the gem is right. */
function sameVersion(told: Explanation, truth: Truth): boolean {
  const version = told.culprit?.version ?? null
  return version === null || truth.gem_version === null || !/^\d+(?:\.\w+)+$/.test(truth.gem_version) || version === truth.gem_version
}

/** Unknown is the right answer only where the log names neither the gem nor its compiled file. */
function namesGem(text: string, { gem, culprit_library: library }: Truth): boolean {
  const names = [gem, library?.replace(/\.(?:so|bundle|dylib)[\d.]*$/, '') ?? null].filter(
    (name) => name !== null && name !== '' && !/^lib(?:c|ruby)\b/.test(name),
  )
  return names.some((name) => new RegExp(`(?:^|[^A-Za-z0-9])${escape(name ?? '')}(?:$|[^A-Za-z0-9])`, 'i').test(text))
}

function plain(gem: string): string {
  return gem.toLowerCase().replaceAll('_', '-')
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

/** Judges every sample of a folder: `NAME.txt` beside `NAME.json`. */
export function judgeFolder(folder: string): Verdict[] {
  const names = readdirSync(folder).filter((file) => file.endsWith('.txt') && existsSync(resolve(folder, file.replace(/\.txt$/, '.json'))))
  return names.sort().map((file) => {
    const name = file.replace(/\.txt$/, '')
    return judgeSample(
      name,
      readFileSync(resolve(folder, file)),
      JSON.parse(readFileSync(resolve(folder, `${name}.json`), 'utf8')) as Truth,
    )
  })
}

/** `../shared/crash-corpus` beside the project. */
export const corpusFolder = resolve(import.meta.dirname, '../../shared/crash-corpus')

function table(title: string, verdicts: readonly Verdict[], keyOf: (verdict: Verdict) => string): string {
  const groups = Map.groupBy(verdicts, keyOf)
  const rows = [...groups].toSorted(([a], [b]) => a.localeCompare(b)).map(([key, group]) => row(key, group))
  return [`${title.padEnd(20)} samples  kind right  culprit right  confidently wrong`, ...rows].join('\n')
}

function row(key: string, group: readonly Verdict[]): string {
  const percent = (count: number): string => `${((100 * count) / group.length).toFixed(1)} %`
  const kind = percent(group.filter(({ kindRight }) => kindRight).length)
  const culprit = percent(group.filter(({ culpritRight }) => culpritRight).length)
  return `${key.padEnd(20)} ${String(group.length).padStart(7)}  ${kind.padStart(10)}  ${culprit.padStart(13)}  ${String(group.filter(({ confidentlyWrong }) => confidentlyWrong).length).padStart(17)}`
}

function rubyOf({ truth }: Verdict): string {
  return /^(\d+\.\d+)/.exec(truth.ruby ?? '')?.[1] ?? 'not told'
}

function platformOf({ truth }: Verdict): string {
  const ruby = truth.ruby ?? ''
  if (/musl/.test(ruby)) return 'Linux, musl'
  if (/darwin/.test(ruby)) return 'macOS'
  if (/mingw|mswin/.test(ruby)) return 'Windows'
  if (/linux/.test(ruby)) return /aarch64|arm/.test(ruby) ? 'Linux, ARM' : 'Linux, x86'
  return 'not told'
}

function describeMiss({ name, truth, told, kindRight, culpritRight, confidentlyWrong }: Verdict): string {
  const parts = [
    kindRight ? '' : `kind ${told.kind}, is ${truth.kind}`,
    culpritRight
      ? ''
      : `culprit ${told.culprit?.gem ?? 'unknown'} ${told.culprit?.version ?? ''} (${told.confidence}), is ${truth.gem ?? 'nobody'} ${truth.gem_version ?? ''}`,
    confidentlyWrong ? 'CONFIDENTLY WRONG' : '',
  ]
  return `  ${name}: ${parts.filter((part) => part !== '').join('; ')}`
}

function main(args: readonly string[]): number {
  const folder = resolve(args.find((arg) => !arg.startsWith('--')) ?? corpusFolder)
  if (!existsSync(folder)) {
    process.stderr.write(`no corpus at ${folder}: name a folder of NAME.txt and NAME.json files\n`)
    return process.env['CI'] === undefined ? 0 : 1
  }
  const verdicts = judgeFolder(folder)
  const misses = verdicts.filter(({ kindRight, culpritRight, confidentlyWrong }) => !kindRight || !culpritRight || confidentlyWrong)
  const tables = [
    table('kind', verdicts, ({ truth }) => truth.kind),
    table('Ruby', verdicts, rubyOf),
    table('platform', verdicts, platformOf),
    table('all', verdicts, () => 'all'),
  ]
  process.stdout.write(
    `${tables.join('\n\n')}\n\n${misses.length === 0 ? 'no misses' : `misses:\n${misses.map(describeMiss).join('\n')}`}\n`,
  )
  if (args.includes('--json')) {
    const count = (is: (verdict: Verdict) => boolean): number => verdicts.filter(is).length
    const summary = {
      samples: verdicts.length,
      kindRight: count(({ kindRight }) => kindRight),
      culpritRight: count(({ culpritRight }) => culpritRight),
      confidentlyWrong: count(({ confidentlyWrong }) => confidentlyWrong),
      misses: misses.map(({ name, truth, told }) => ({
        name,
        kind: { told: told.kind, true: truth.kind },
        culprit: { told: told.culprit?.gem ?? null, true: truth.gem },
        confidence: told.confidence,
      })),
    }
    process.stdout.write(`${JSON.stringify(summary)}\n`)
  }
  return 0
}

if (import.meta.main) process.exitCode = main(process.argv.slice(2))
