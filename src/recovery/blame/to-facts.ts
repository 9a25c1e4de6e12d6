import type { Finding } from '../../formats/crash-report/crash-report.ts'
import { maskedBy } from './blame-load-failure.ts'
import type { TroubleEvent } from './event.ts'
import type { Evidence, Judged } from './evidence.ts'
import type { Culprit } from './explanation.ts'
import { gemOfPath } from './gem-path.ts'
import { signalOf, traitsOfExit } from './judge-event.ts'
import type { Facts } from './known-causes.ts'

/** Gathers what known causes may ask for. */
export function toFacts(event: TroubleEvent | null, blame: Judged, evidence: Evidence): Facts {
  const main = event?.main ?? null
  const report = main?.tag === 'CrashReport' ? main : null
  const load = main?.tag === 'LoadFailure' ? main : null
  const abort = main?.tag === 'AbortNote' ? main : null
  const message = main === null ? '' : main.tag === 'CrashReport' ? (main.header?.message ?? '') : main.message
  const others = event?.others ?? []
  const cFrames = blame.report?.site.frames.map(({ frame }) => frame) ?? abort?.cFrames ?? []
  const signal =
    report?.header?.signal ?? (main?.tag === 'DeathNote' ? main.signal : main === null ? signalOf(evidence.exitStatus ?? null) : null)
  const remarks = [...(report?.remarks ?? []), ...others.map((other) => (other.tag === 'CrashReport' ? '' : other.message))]
  return {
    on: main?.tag ?? 'Exit',
    kind: blame.kind,
    gem: blame.culprit?.gem ?? null,
    versions: versionsOf(blame.culprit, main),
    library: blame.culprit?.library ?? null,
    file: blame.culprit?.file ?? null,
    why: load?.why ?? null,
    by: abort?.by ?? null,
    subject: load?.subject ?? null,
    symbol: load?.symbol ?? null,
    message,
    className: main?.tag === 'ExceptionNote' ? main.className : null,
    ruby: report?.description?.version ?? null,
    platform: report?.description?.platform ?? null,
    flags: report?.description?.flags ?? [],
    signal: signal?.replace(/^SIG/, '') ?? null,
    uncaught: main === null && signal === null ? (evidence.uncaught ?? null) : null,
    traits: blame.report?.traits ?? (load !== null && maskedBy(load) ? ['masked'] : main === null ? traitsOfExit(evidence) : []),
    cMethod: blame.report?.ruby.cMethod ?? null,
    cSymbols: cFrames.flatMap(({ symbol }) => (symbol === null ? [] : [symbol])),
    cLibraries: cFrames.slice(0, 1).flatMap(({ library }) => (library === null ? [] : [library.slice(library.lastIndexOf('/') + 1)])),
    mapped: [...(report?.mappedFiles.map(({ path }) => path) ?? []), ...(report?.features ?? [])],
    text: [
      message,
      ...remarks,
      ...cFrames.slice(0, 60).map((frame) => `${frame.library ?? ''}(${frame.symbol ?? ''})`),
      ...(report?.controlFrames.slice(0, 40).map(({ label }) => label) ?? []),
      report?.header?.file ?? '',
    ].join('\n'),
  }
}

function versionsOf(culprit: Culprit | null, main: Finding | null): Map<string, string> {
  const versions = new Map<string, string>()
  if (culprit?.gem !== null && culprit?.gem !== undefined && culprit.version !== null) versions.set(culprit.gem, culprit.version)
  if (main?.tag !== 'CrashReport') return versions
  for (const path of [...main.features, ...main.mappedFiles.map((file) => file.path)]) {
    const found = gemOfPath(path)
    if (found !== null && found.version !== null && !versions.has(found.gem)) versions.set(found.gem, found.version)
  }
  return versions
}
