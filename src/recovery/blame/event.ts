import type { AbortNote, CrashReport, DeathNote, ExceptionNote, Finding, LoadFailure } from '../../formats/crash-report/crash-report.ts'

/** The finding that says most about one death, with everything else that was said around it. */
export interface TroubleEvent {
  readonly main: Finding
  readonly others: readonly Finding[]
}

/** Lines between two findings of one death at most: a report of 300 lines may stand between an assertion and the shell's `Aborted`. */
const sameDeathLines = 800

/** Parts a log's findings into deaths: a second report, abort or other exception begins another one. */
export function toEvents(findings: readonly Finding[]): TroubleEvent[] {
  const groups: Finding[][] = []
  for (const finding of findings) {
    const group = groups.at(-1)
    if (group !== undefined && belongs(finding, group)) group.push(finding)
    else groups.push([finding])
  }
  return groups.map((group) => toEvent(group))
}

function belongs(finding: Finding, group: readonly Finding[]): boolean {
  const last = group.at(-1)
  if (last === undefined || finding.atLine - last.atLine > sameDeathLines) return false
  switch (finding.tag) {
    case 'CrashReport':
      return group.every((other) =>
        other.tag === 'DeathNote'
          ? other.message.includes(' received signal SIG')
          : other.tag !== 'CrashReport' || isTranslation(finding, other),
      )
    case 'AbortNote':
      return group.every(
        (other) => other.tag !== 'DeathNote' && (other.tag !== 'AbortNote' || other.by === finding.by || other.by === 'c++'),
      )
    case 'LoadFailure':
      return group.every((other) => other.tag === 'LoadFailure')
    case 'ExceptionNote':
      return group.every((other) => other.tag === 'ExceptionNote' && familyOf(other.className) === familyOf(finding.className))
    case 'DeathNote':
      return !group.some(({ tag }) => tag === 'DeathNote') && (finding.atLine - last.atLine < 40 || group.some((other) => isDeath(other)))
  }
}

/** Apple's reporter prints one crash twice: as text, and whole as JSON below. */
function isTranslation(report: CrashReport, other: CrashReport): boolean {
  return report.format === 'apple' && other.format === 'apple' && report.header?.address === other.header?.address
}

/** A Ractor's own error is raised again as `Ractor::RemoteError` where its value is taken. */
function familyOf(className: string): string {
  return className.startsWith('Ractor::') ? 'Ractor' : className
}

/** Something after which a shell or supervisor says how the process ended, be it some hundred lines of report later. */
function isDeath({ tag }: Finding): boolean {
  return tag === 'CrashReport' || tag === 'AbortNote'
}

/** The one event of findings that are known to be one process's. */
export function toEvent(findings: readonly Finding[]): TroubleEvent {
  const ranked = findings.map((finding, at) => ({ finding, at, rank: rankOf(finding) })).toSorted((a, b) => b.rank - a.rank || a.at - b.at)
  const main = ranked[0]?.finding
  if (main === undefined) throw new RangeError('an event needs at least one finding')
  return { main, others: findings.filter((finding) => finding !== main) }
}

function rankOf(finding: Finding): number {
  switch (finding.tag) {
    case 'CrashReport':
      return 100 + rankOfReport(finding)
    case 'AbortNote':
      return 90 + rankOfAbort(finding)
    case 'LoadFailure':
      return 70 + rankOfLoad(finding)
    case 'ExceptionNote':
      return 60 + rankOfException(finding)
    case 'DeathNote':
      return rankOfDeath(finding)
  }
}

function rankOfReport({ cFrames, controlFrames }: CrashReport): number {
  return (cFrames.length > 0 ? 2 : 0) + (controlFrames.length > 0 ? 1 : 0)
}

/** YJIT's panic precedes a report that only shows how it died. */
function rankOfAbort({ by, message, source }: AbortNote): number {
  if (by === 'rust' && /yjit/i.test(`${source ?? ''} ${message}`)) return 20
  return by === 'assertion' || by === 'sanitizer' ? 2 : 0
}

/** Of a chain of load errors the first one is the root; a loader's own words say more than `cannot load such file`. */
function rankOfLoad({ why, subject }: LoadFailure): number {
  if (why === 'preload-failed') return -25
  if (why === 'no-such-file') return /(?:^|\/)\d\.\d\//.test(subject ?? '') ? 3 : 0
  if (why === 'other-dlopen') return 2
  if (why === 'extensions-not-built') return 4
  return why === 'interpreter-missing' ? 1 : 6
}

function rankOfException({ message, className }: ExceptionNote): number {
  if (/bad record mac|trap context|level too deep/.test(message)) return 3
  return className === 'NoMemoryError' || className === 'Ractor::RemoteError' ? 1 : 2
}

function rankOfDeath({ outOfMemory, library }: DeathNote): number {
  return 30 + (outOfMemory ? 2 : 0) + (library === null ? 0 : 1)
}
