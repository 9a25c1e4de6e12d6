import type { Finding } from '../../formats/crash-report/crash-report.ts'
import { atLeast, atMost, nameOf, nobody } from './blame.ts'
import { toEvent, type TroubleEvent } from './event.ts'
import type { Evidence, Judged } from './evidence.ts'
import type { Culprit, Explanation } from './explanation.ts'
import { fingerprintOf } from './fingerprint.ts'
import { joinApp } from './join-app.ts'
import { contradicts, endedByBezel, judgeEvent, judgeExit, signalOf } from './judge-event.ts'
import { fillRemedy, findKnownCause, packageOf, type Facts, type KnownCause } from './known-causes.ts'
import { redactReport } from '../../redact.ts'
import { summarise } from './summarise.ts'
import { toFacts } from './to-facts.ts'

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

function messageOf(finding: Finding): string {
  return finding.tag === 'CrashReport' ? (finding.header?.message ?? '') : finding.message.slice(0, 200)
}

function applyCause(blame: Judged, cause: KnownCause): Judged {
  // Mixed lines, and a name that was only guessed, stay in doubt whatever they resemble; and nobody is not raised.
  const doubtful = blame.report?.traits.some((trait) => trait === 'interleaved' || trait === 'guessed') === true
  // Whom only Ruby code names, the caller, a cause raises no further unless it names that gem itself.
  const onlyCaller = blame.report?.site.suspect === null && cause.culprit === undefined && cause.when.versions === undefined
  const mayRaise = cause.raises !== undefined && !doubtful && !onlyCaller
  const raised =
    mayRaise && (blame.culprit !== null || cause.culprit !== undefined)
      ? atLeast(blame.confidence, cause.raises ?? 'unknown')
      : blame.confidence
  const confidence = atMost(blame.confidence === 'certain' ? blame.confidence : raised, cause.lowers ?? 'certain')
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
  // A signal that was sent strikes anywhere.
  const where = blame.report?.traits.includes('sent-signal') === true ? null : (blame.report?.ruby ?? null)
  const topSymbol = blame.report?.site.frames.find(({ frame }) => frame.symbol !== null)?.frame.symbol ?? null
  return {
    kind: blame.kind,
    summary: redactReport(
      shorten(
        summarise({
          kind: blame.kind,
          culprit,
          confidence: blame.confidence,
          main: event?.main ?? null,
          exit: toEnding(evidence),
          uncaught: facts.uncaught,
          lastLine: evidence.lastLine,
          endedByBezel: endedByBezel(evidence.endedFor ?? null),
          cause,
        }),
      ),
    ),
    culprit,
    confidence: blame.confidence,
    evidence: lines.map((line) => redactReport(shorten(line))),
    alternatives: blame.alternatives.map(({ who, why }) => ({ who: redactReport(who), why: redactReport(why) })),
    causeId: cause?.id ?? null,
    remedy: [...new Set(remedy)],
    link: cause?.link ?? null,
    fingerprint: fingerprintOf({
      kind: blame.kind,
      culprit: culprit?.gem ?? culprit?.library ?? null,
      function: culprit?.function ?? topSymbol,
      causeId: cause?.id ?? null,
      message: facts.message === '' ? (facts.uncaught ?? nameOf(culprit)) : facts.message,
      rubyFile: where?.file ?? culprit?.rubyLine?.replace(/:\d+$/, '') ?? null,
      cMethod: where?.cMethod ?? null,
    }),
    ruby: facts.ruby,
    platform: facts.platform,
  }
}

function toEnding({ exitStatus }: Evidence): string | null {
  const signal = signalOf(exitStatus ?? null)
  if (signal !== null) return `by ${signal}`
  return typeof exitStatus?.code === 'number' ? `with status ${exitStatus.code}` : null
}

/** A screen is no place for a whole path of 1,024 characters. */
function shorten(text: string): string {
  return text.length <= 600 ? text : `${text.slice(0, 599)}…`
}

function redactCulprit(culprit: Culprit): Culprit {
  const safe = (text: string | null): string | null => (text === null ? null : redactReport(text))
  return { ...culprit, file: safe(culprit.file), rubyLine: safe(culprit.rubyLine), function: safe(culprit.function) }
}
