import type { CrashReport } from '../../formats/crash-report/crash-report.ts'
import { gemOfPath } from './gem-path.ts'

/** What the Ruby side of a report says: the method that ran, and who called it. */
export interface RubySite {
  /** Name of the C method that ran, without class; null where Ruby code ran or nothing is told. */
  readonly cMethod: string | null
  /** `file:line` of the innermost Ruby code. */
  readonly line: string | null
  readonly file: string | null
  readonly callerGem: string | null
}

const callable = new Set(['METHOD', 'BLOCK', 'CLASS', 'TOP', 'EVAL', 'RESCUE', 'IFUNC', 'ENSURE', 'PROC', 'LAMBDA', 'MAIN', ''])

export function readRubySite(report: CrashReport): RubySite {
  const top = report.controlFrames[0]
  const cMethod = top?.type === 'CFUNC' && top.label !== '' ? top.label : null
  const caller = report.controlFrames.find(
    ({ type, label }) => callable.has(type) && /:\d+$/.test(label) && !label.startsWith('<internal:'),
  )
  const frame = report.rubyFrames.find(({ file }) => !file.startsWith('<internal:'))
  const header = report.header
  const line =
    caller?.label ??
    (frame === undefined ? null : `${frame.file}:${frame.line}`) ??
    (header?.file === null || header?.line === null || header === null ? null : `${header.file}:${header.line}`)
  const file = line === null ? (header?.file ?? null) : line.replace(/:\d+$/, '')
  return { cMethod, line, file, callerGem: file === null ? null : (gemOfPath(file)?.gem ?? null) }
}

/** The version of a gem by any path in the report. */
export function versionInReport(gem: string, report: CrashReport): string | null {
  const paths = [
    report.header?.file ?? '',
    ...report.cFrames.map(({ library }) => library ?? ''),
    ...report.controlFrames.map(({ label }) => label),
    ...report.rubyFrames.map(({ file }) => file),
    ...report.features,
    ...report.mappedFiles.map(({ path }) => path),
  ]
  for (const path of paths) {
    if (!path.includes(gem)) continue
    const found = gemOfPath(path)
    if (found?.gem === gem && found.version !== null) return found.version
  }
  return null
}

/** Whether a compiled file whose name starts so is loaded: by the feature list, else the memory map. */
export function isLoaded(file: RegExp, report: CrashReport): boolean {
  return report.features.some((feature) => file.test(feature)) || report.mappedFiles.some(({ path }) => file.test(path))
}

/** Methods of Ruby itself that appear innermost whoever is to blame. */
const core = new Set(
  (
    'require require_relative load autoload eval instance_eval class_eval module_eval instance_exec new initialize call yield each each_with_index each_pair ' +
    'map flat_map collect select reject times upto step loop inject reduce sort sort_by public_send send __send__ fetch open read write sysread syswrite ' +
    'kill sleep fork exec spawn wait wait2 waitpid join value start stop tap then catch throw raise to_s inspect to_binary compile_file dup clone freeze ' +
    'push pop shift [] []= << + - * / == != === =~ match gsub gsub! sub scan split join puts print p format printf sprintf synchronize lock run compact ' +
    'warmup define_method method_missing respond_to? is_a? hash eql? equal? accept accept_nonblock close'
  ).split(' '),
)

export function isCoreMethod(method: string): boolean {
  return core.has(method)
}
