import type { CrashReport } from '../../formats/crash-report/crash-report.ts'
import { atMost, nobody, type Blame } from './blame.ts'
import { blameCFrames } from './blame-c-frames.ts'
import { blameRuby } from './blame-ruby.ts'
import { readCrashSite, type CrashSite } from './crash-site.ts'
import type { Confidence } from './explanation.ts'
import { readSentSignal } from './external-signal.ts'
import { mappedObject, ownerOfObject } from './frame-owner.ts'
import { baseName, isCutPath } from './gem-path.ts'
import { contextOf, traitsOf, type ReportTrait } from './report-traits.ts'
import { readRubySite, type RubySite } from './ruby-site.ts'
import { toCulprit } from './to-culprit.ts'

/** What a report by itself gives away. */
export interface ReportBlame extends Blame {
  readonly site: CrashSite
  readonly ruby: RubySite
  readonly traits: readonly ReportTrait[]
}

/**
 * Names the culprit by the order that avoids false blame: the first C frame after the signal trampoline that is neither libc's nor
 * Ruby's; only then fault address, missing sections and the Ruby side; the header line last, because it names the calling file.
 */
export function blameReport(report: CrashReport): ReportBlame {
  const site = readCrashSite(report)
  const ruby = readRubySite(report)
  const traits = traitsOf(report, site, ruby)
  const base = { site, ruby }
  const sent = readSentSignal(report, site, ruby)
  if (sent !== null) {
    const who = sent.byItself ? 'Ruby code called Process.kill' : `process ${sent.pid} of user ${sent.uid} sent it`
    return {
      ...base,
      traits: [...traits, 'sent-signal'],
      culprit: null,
      confidence: sent.confidence,
      evidence: [`the fault address ${report.header?.address ?? ''} is no address: ${who} (user id and process id of the sender)`],
      alternatives: [],
    }
  }
  const found = blameJit(report) ?? blameCFrames(report, site, ruby) ?? blameRegisters(report, ruby) ?? blameRuby(report, site, ruby)
  const cut = found.culprit?.file !== null && found.culprit?.file !== undefined && isCutPath(found.culprit.file)
  const ceiling: Confidence = report.interleaved || cut || traits.includes('in-allocator') ? 'suspected' : 'certain'
  const evidence = [...found.evidence, ...contextOf(report, site, ruby, traits)]
  return { ...base, traits, ...found, confidence: atMost(found.confidence, ceiling), evidence }
}

/** `rb_bug` with the text of a Rust panic: Ruby’s own compiler found itself at fault (yjit.rs, `rb_bug_panic_hook`). */
function blameJit(report: CrashReport): Blame | null {
  const jit = /^([YZR]JIT)\b.*panicked/.exec(report.header?.message ?? '')?.[1]
  if (jit === undefined) return null
  return {
    culprit: { ...nobody, library: jit },
    confidence: 'certain',
    evidence: [`Ruby’s own compiler panicked: ${report.header?.message ?? ''}`],
    alternatives: [],
  }
}

/** No usable backtrace: the program counter and the memory map may still name the object. */
function blameRegisters(report: CrashReport, ruby: RubySite): Blame | null {
  const pc = report.registers['RIP'] ?? report.registers['EIP'] ?? report.registers['PC']
  const path = pc === undefined ? null : mappedObject(pc, report)
  const owner = path === null ? null : ownerOfObject(path)
  if (pc === undefined || path === null || owner?.tag !== 'gem') return null
  return {
    culprit: toCulprit(report, ruby, { gem: owner.gem, version: owner.version, path, symbol: null }),
    confidence: 'likely',
    evidence: [`the C backtrace is empty, but the instruction pointer ${pc} lies in ${baseName(path)}`],
    alternatives: [],
  }
}
