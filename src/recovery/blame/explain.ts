import type { Finding } from '../../formats/crash-report/crash-report.ts'
import type { InFlightRequest } from '../../events/front-door.ts'
import type { ExitStatus, RunEnd } from '../../events/workers.ts'
import { atLeast, nameOf, nobody, type Blame } from './blame.ts'
import { blameLoadFailure, maskedBy } from './blame-load-failure.ts'
import { blameAbort, blameDeath, blameException, kindOfSignal } from './blame-note.ts'
import { blameReport, type ReportBlame } from './blame-report.ts'
import { toEvent, type TroubleEvent } from './event.ts'
import type { Confidence, Culprit, Explanation, TroubleKind } from './explanation.ts'
import { fingerprintOf } from './fingerprint.ts'
import { gemOfPath } from './gem-path.ts'
import { fillRemedy, findKnownCause, packageOf, type Facts, type KnownCause } from './known-causes.ts'
import { redact } from './redact.ts'
import { summarise } from './summarise.ts'

/** What validation knows about an app, as far as blame needs it. The caller joins it: recovery never asks validation. */
export interface AppKnowledge {
  /** Gems of the lock file. */
  readonly gems: readonly { readonly name: string; readonly version: string }[]
  /** What was found about single files or gems. */
  readonly findings: readonly AppFinding[]
}

export interface AppFinding {
  readonly gem: string
  /** Path of the compiled file; null where the finding is about the gem. */
  readonly file: string | null
  readonly code: string
  readonly text: string
  readonly remedy: readonly string[]
}

/** Everything known about one death. All but `findings` may be missing. */
export interface Evidence {
  readonly findings: readonly Finding[]
  readonly exitStatus?: ExitStatus | null
  /** Why bezel itself ended the run, if it did. */
  readonly endedFor?: RunEnd | null
  readonly requests?: readonly InFlightRequest[]
  readonly app?: AppKnowledge | null
  /** Whether the process ran under a memory limit that it reached: RLIMIT_AS, RLIMIT_DATA or a cgroup's. Without it a NoMemoryError is read as a garbage length. */
  readonly memoryLimited?: boolean
}

interface Judged extends Blame {
  readonly kind: TroubleKind
  readonly report: ReportBlame | null
}

/**
 * Explains one death: kind, culprit, confidence with its evidence, known cause, remedy, fingerprint. Pure. Findings of several deaths
 * go through `toEvents` first.
 */
export function explain(evidence: Evidence): Explanation {
  const told = evidence.findings.length === 0 ? null : toEvent(evidence.findings)
  // A handled exception in an older line explains no signal: then only the exit tells, and the line is a remark.
  const event = told !== null && contradicts(told.main, evidence) ? null : told
  const exit = event === null ? judgeExit(evidence) : judgeEvent(event, evidence)
  const judged =
    told === null || event !== null ? exit : { ...exit, evidence: [...exit.evidence, `before that it printed: ${messageOf(told.main)}`] }
  const joined = joinApp(judged, evidence.app ?? null)
  const facts = toFacts(event, joined.blame, evidence)
  const cause = findKnownCause(facts)
  const named = cause === null ? joined.blame : applyCause(joined.blame, cause)
  return finish(named, facts, cause, joined.remedy, event, evidence)
}

/** Exceptions and load errors end a process with a status of its own choice; a signal came from elsewhere. */
function contradicts(main: Finding, { exitStatus, endedFor }: Evidence): boolean {
  const signal = signalOf(exitStatus ?? null)
  const mild = main.tag === 'ExceptionNote' || main.tag === 'LoadFailure'
  const outOfMemory = main.tag === 'ExceptionNote' && /failed to allocate memory|Cannot allocate memory/.test(main.message)
  return mild && !outOfMemory && (signal !== null || endedByBezel(endedFor ?? null))
}

function messageOf(finding: Finding): string {
  return finding.tag === 'CrashReport' ? (finding.header?.message ?? '') : finding.message.slice(0, 200)
}

function endedByBezel(endedFor: RunEnd | null): boolean {
  return endedFor !== null && endedFor !== 'crashed' && endedFor !== 'start-failed'
}

function judgeEvent(event: TroubleEvent, evidence: Evidence): Judged {
  const { main } = event
  switch (main.tag) {
    case 'CrashReport': {
      const report = blameReport(main)
      const aborted = event.others.some((other) => other.tag === 'AbortNote')
      const calledBug = main.header !== null && main.header.signal === null && main.format === 'ruby'
      const kind = calledBug || (aborted && main.header === null) ? 'abort' : 'segfault'
      return { ...report, kind, report }
    }
    case 'LoadFailure':
      return { ...blameLoadFailure(main), report: null }
    case 'AbortNote': {
      const aborted = event.others.some((other) => other.tag === 'DeathNote' && other.signal === 'SIGABRT')
      const blame = blameAbort(main)
      return { ...blame, kind: aborted ? 'abort' : blame.kind, report: null }
    }
    case 'ExceptionNote': {
      const blame = blameException(main)
      const short = main.className === 'NoMemoryError' && evidence.memoryLimited === true
      return short
        ? { ...blame, kind: 'oom', report: null, evidence: [...blame.evidence, 'the process ran under a memory limit'] }
        : { ...blame, report: null }
    }
    case 'DeathNote':
      return endedByBezel(evidence.endedFor ?? null) ? judgeExit(evidence) : { ...blameDeath(main), report: null }
  }
}

/** A death without a word: only the exit status, and whether bezel itself ended the run. */
function judgeExit({ exitStatus, endedFor = null }: Evidence): Judged {
  const silent = { culprit: null, alternatives: [], report: null }
  const exit = exitStatus ?? null
  const signal = signalOf(exit)
  if (endedByBezel(endedFor)) {
    const kind: TroubleKind = endedFor === 'memory' ? 'oom' : 'other'
    return { ...silent, kind, confidence: 'certain', evidence: [`bezel ended this run itself: ${endedFor ?? ''}`] }
  }
  if (signal !== null)
    return {
      ...silent,
      kind: kindOfSignal(signal),
      confidence: 'unknown',
      evidence: [`it ended by ${signal} and printed nothing that tells why`],
    }
  const code = exit?.code ?? null
  return {
    ...silent,
    kind: 'other',
    confidence: 'unknown',
    evidence: [code === null ? 'nothing in this text tells of a crash' : `it ended with status ${code} and printed nothing that tells why`],
  }
}

/** Shells and containers report a signal N as status 128 + N. */
function signalOf(exit: ExitStatus | null): string | null {
  if (exit === null) return null
  if (exit.signal !== null) return exit.signal
  const names: Readonly<Record<number, string>> = {
    132: 'SIGILL',
    133: 'SIGTRAP',
    134: 'SIGABRT',
    135: 'SIGBUS',
    136: 'SIGFPE',
    137: 'SIGKILL',
    138: 'SIGBUS',
    139: 'SIGSEGV',
  }
  return exit.code === null ? null : (names[exit.code] ?? null)
}

/** What validation found about the very file, or else the very gem, strengthens the blame and brings its own remedy. */
function joinApp(blame: Judged, app: AppKnowledge | null): { readonly blame: Judged; readonly remedy: readonly string[] } {
  const gem = blame.culprit?.gem ?? null
  if (app === null || blame.culprit === null || gem === null) return { blame, remedy: [] }
  const version = blame.culprit.version ?? app.gems.find(({ name }) => name === gem)?.version ?? null
  const found = app.findings.filter(
    (finding) =>
      finding.gem === gem && (finding.file === null || blame.culprit?.file === null || sameFile(finding.file, blame.culprit?.file ?? '')),
  )
  const evidence = [...blame.evidence, ...found.map(({ code, text }) => `validation found ${code}: ${text}`)]
  const confidence: Confidence = found.length > 0 && blame.confidence === 'suspected' ? 'likely' : blame.confidence
  return {
    blame: { ...blame, confidence, evidence, culprit: { ...blame.culprit, version } },
    remedy: found.flatMap(({ remedy }) => remedy),
  }
}

function sameFile(a: string, b: string): boolean {
  return a.split('/').slice(-2).join('/') === b.split('/').slice(-2).join('/')
}

function applyCause(blame: Judged, cause: KnownCause): Judged {
  const confidence =
    cause.raises === undefined || blame.confidence === 'certain' ? blame.confidence : atLeast(blame.confidence, cause.raises)
  const told = cause.culprit
  if (told === undefined) return { ...blame, confidence }
  if (blame.culprit === null || blame.culprit.gem === null) {
    const culprit: Culprit = {
      ...(blame.culprit ?? nobody),
      ...(told.gem === undefined ? {} : { gem: told.gem }),
      ...(told.library === undefined ? {} : { library: told.library }),
    }
    const sure = confidence === 'unknown' ? 'suspected' : confidence
    return { ...blame, culprit, confidence: sure, evidence: [...blame.evidence, `known: ${cause.title}`] }
  }
  return { ...blame, confidence: blame.culprit.gem === told.gem || told.gem === undefined ? confidence : blame.confidence }
}

function toFacts(event: TroubleEvent | null, blame: Judged, evidence: Evidence): Facts {
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
    traits: blame.report?.traits ?? (load !== null && maskedBy(load) ? ['masked'] : []),
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

function finish(
  blame: Judged,
  facts: Facts,
  cause: KnownCause | null,
  appRemedy: readonly string[],
  event: TroubleEvent | null,
  evidence: Evidence,
): Explanation {
  const culprit = blame.culprit === null ? null : redactCulprit(blame.culprit)
  const names = {
    gem: facts.gem ?? culprit?.gem ?? null,
    version: culprit?.version ?? null,
    file: culprit?.file ?? null,
    library: culprit?.library ?? null,
    subject: facts.subject,
    symbol: facts.symbol,
    package: facts.subject === null ? null : packageOf(facts.subject.slice(facts.subject.lastIndexOf('/') + 1)),
  }
  const remedy = [...appRemedy, ...fillRemedy(cause?.remedy ?? [], names)]
  const alone = evidence.requests?.length === 1 ? evidence.requests[0] : undefined
  const requests = alone === undefined ? [] : [`one request was in flight: ${alone.method} ${alone.path}`]
  const lines = [...blame.evidence, ...requests]
  const topSymbol = blame.report?.site.frames.find(({ frame }) => frame.symbol !== null)?.frame.symbol ?? null
  return {
    kind: blame.kind,
    summary: redact(
      summarise({
        kind: blame.kind,
        culprit,
        confidence: blame.confidence,
        main: event?.main ?? null,
        exit: signalOf(evidence.exitStatus ?? null),
        cause,
      }),
    ),
    culprit,
    confidence: blame.confidence,
    evidence: lines.map((line) => redact(line)),
    alternatives: blame.alternatives.map(({ who, why }) => ({ who: redact(who), why: redact(why) })),
    causeId: cause?.id ?? null,
    remedy: [...new Set(remedy)],
    link: cause?.link ?? null,
    fingerprint: fingerprintOf({
      kind: blame.kind,
      culprit: culprit?.gem ?? culprit?.library ?? null,
      function: culprit?.function ?? topSymbol,
      causeId: cause?.id ?? null,
      message: facts.message === '' ? nameOf(culprit) : facts.message,
    }),
    ruby: facts.ruby,
    platform: facts.platform,
  }
}

function redactCulprit(culprit: Culprit): Culprit {
  const safe = (text: string | null): string | null => (text === null ? null : redact(text))
  return { ...culprit, file: safe(culprit.file), rubyLine: safe(culprit.rubyLine), function: safe(culprit.function) }
}
