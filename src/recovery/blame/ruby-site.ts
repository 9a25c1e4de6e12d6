import coreMethods from '../../../data/known-causes/core-methods.json' with { type: 'json' }
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

/** Gems with compiled files in the feature list, else in the memory map, each once. */
export function compiledGems(report: CrashReport): ReadonlySet<string> {
  const gems = new Set<string>()
  for (const path of [...report.features, ...report.mappedFiles.map((file) => file.path)]) {
    const gem = /\.(?:so|bundle)$/.test(path) ? gemOfPath(path)?.gem : undefined
    if (gem !== undefined) gems.add(gem)
  }
  return gems
}

/** Whether a compiled file whose name starts so is loaded: by the feature list, else the memory map. */
export function isLoaded(file: RegExp, report: CrashReport): boolean {
  return report.features.some((feature) => file.test(feature)) || report.mappedFiles.some(({ path }) => file.test(path))
}

const core = new Set(coreMethods.methods.flatMap((line) => line.split(' ')))

/** Whether Ruby itself has a C method of that name: then the name alone says nothing of a gem. */
export function isCoreMethod(method: string): boolean {
  return core.has(method)
}
