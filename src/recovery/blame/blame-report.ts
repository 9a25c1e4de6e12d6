import type { CrashReport } from '../../formats/crash-report/crash-report.ts'
import { atMost, nobody, type Blame } from './blame.ts'
import { readCrashSite, type CrashSite, type OwnedFrame } from './crash-site.ts'
import type { Alternative, Confidence, Culprit } from './explanation.ts'
import { readSentSignal } from './external-signal.ts'
import { mappedObject, ownerOfObject } from './frame-owner.ts'
import { baseName } from './gem-path.ts'
import { gemOfMethod, gemOfSymbol, isInstrumentingGem, isLoaderGem, isNativeGem, isServerGem, ownerOfFile } from './known-owners.ts'
import { isCoreMethod, isLoaded, readRubySite, versionInReport, type RubySite } from './ruby-site.ts'

/** What a report by itself gives away. */
export interface ReportBlame extends Blame {
  readonly site: CrashSite
  readonly ruby: RubySite
  /** Facts that known causes ask for. */
  readonly traits: readonly ReportTrait[]
}

export type ReportTrait =
  | 'sent-signal'
  | 'in-gc'
  | 'wild-jump'
  | 'no-ruby-thread'
  | 'double-fault'
  | 'null-pointer'
  | 'while-loading'
  | 'raw-pointer'
  | 'ruby-only'
  | 'in-ruby'

const loadingMethod = /^(?:require|require_relative|load|autoload|call|yield|each|send|public_send|synchronize)$/
const gcFunction = /^(?:gc_|rb_gc|rgengc|garbage_collect|obj_free|newobj_|heap_|objspace_|ruby_gc|rb_wb|gc$)/

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
  const found = blameCFrames(report, site, ruby) ?? blameRegisters(report, ruby) ?? blameRuby(report, site, ruby)
  const ceiling: Confidence = report.interleaved ? 'suspected' : 'certain'
  const evidence = [...found.evidence, ...contextOf(report, site, ruby, traits)]
  return { ...base, traits, ...found, confidence: atMost(found.confidence, ceiling), evidence }
}

function blameCFrames(report: CrashReport, site: CrashSite, ruby: RubySite): Blame | null {
  const { suspect, through, rubyBetween } = site
  if (suspect === null) return through === null ? null : blameLibrary(report, site, through, ruby)
  if (suspect.owner.tag !== 'gem') return null
  const { gem, path } = suspect.owner
  const { symbol, source } = functionOf(suspect, site)
  const at = `${baseName(path)}${symbol === null ? '' : ` in ${symbol}`}${source === null ? '' : ` (${baseName(source)})`}`
  const culprit = toCulprit(report, ruby, { gem, version: suspect.owner.version, path, symbol })
  if (rubyBetween === 0) {
    const below =
      site.frames[0] === suspect
        ? 'it faulted there itself'
        : through === null
          ? 'libc faulted on its behalf'
          : `${baseName(pathOf(through))} faulted on its behalf`
    const sure = site.found === 'guess' ? 'suspected' : suspect.owner.by === 'name' && gem === null ? 'likely' : 'certain'
    return {
      culprit,
      confidence: sure,
      evidence: [`the first C frame after the signal that is neither Ruby's nor libc's is ${at}; ${below}`],
      alternatives: through === null ? [] : [{ who: baseName(pathOf(through)), why: `the fault itself was in it, called by ${gem}` }],
    }
  }
  const onTop = `${rubyBetween} frame${rubyBetween === 1 ? '' : 's'} of Ruby itself lie${rubyBetween === 1 ? 's' : ''} between the fault and ${at}`
  const servedBy = isServerGem(gem) && !namesMethod(symbol, ruby.cMethod)
  const viaRuby = blameRuby(report, site, ruby)
  const caller: Alternative = { who: gem, why: `${onTop}; it may only have called into Ruby` }
  if (servedBy || (viaRuby.culprit !== null && viaRuby.culprit.gem !== gem && !namesMethod(symbol, ruby.cMethod) && callsRuby(site)))
    return { ...viaRuby, confidence: atMost(viaRuby.confidence, 'suspected'), alternatives: [...viaRuby.alternatives, caller] }
  const consistent = namesMethod(symbol, ruby.cMethod) ? [`the method that ran, ${ruby.cMethod ?? ''}, is that function's`] : []
  return {
    culprit,
    confidence: 'suspected',
    evidence: [`${onTop}, which handed Ruby something broken or only called it`, ...consistent],
    alternatives: viaRuby.alternatives,
  }
}

/**
 * The function to name: an inlined helper of a header, and a return address that belongs to the next function (offset 0), stand before
 * the one that was written.
 */
function functionOf(suspect: OwnedFrame, site: CrashSite): { readonly symbol: string | null; readonly source: string | null } {
  const at = site.frames.indexOf(suspect)
  for (const [further, { frame, owner }] of site.frames.slice(at, at + 6).entries()) {
    if (owner.tag !== 'gem' || frame.library !== suspect.frame.library) break
    const helper =
      frame.symbol === null ||
      (frame.offset === '0x0' && at + further > 0) ||
      /^(?:rbimpl_|RB_|rb_\w+_inline$)/.test(frame.symbol) ||
      /\.h(?:pp)?:\d+$/.test(frame.source ?? '')
    if (!helper) return { symbol: frame.symbol, source: frame.source }
  }
  return { symbol: suspect.frame.symbol, source: suspect.frame.source }
}

function blameLibrary(report: CrashReport, site: CrashSite, through: OwnedFrame, ruby: RubySite): Blame {
  const path = pathOf(through)
  const bySymbol = through.frame.symbol === null ? null : gemOfSymbol(through.frame.symbol)
  const gem = (through.owner.tag === 'library' ? through.owner.gem : null) ?? bySymbol
  const what = `${baseName(path)}${through.frame.symbol === null ? '' : ` (${through.frame.symbol})`}`
  return {
    culprit: toCulprit(report, ruby, { gem, version: null, path, symbol: through.frame.symbol }),
    confidence: site.found === 'guess' ? 'suspected' : gem === null ? 'likely' : 'suspected',
    evidence: [`it faulted in ${what}, with no frame of a gem directly below${gem === null ? '' : `; ${gem} is what uses it`}`],
    alternatives:
      ruby.callerGem === null || ruby.callerGem === gem
        ? []
        : [{ who: ruby.callerGem, why: `its Ruby code was calling (${ruby.line ?? ''})` }],
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

/** By what Ruby was doing. Never more than likely: Ruby code names the caller, not the cause. */
function blameRuby(report: CrashReport, site: CrashSite, ruby: RubySite): Blame {
  const header = report.header
  const alternatives: Alternative[] = []
  if (header?.file !== undefined && header.file !== null && /\.(?:so|bundle)$/.test(header.file)) {
    const owner = ownerOfFile(header.file)
    const gem = owner?.gem ?? null
    const evidence = [`it happened while ${baseName(header.file)} was being loaded`]
    return {
      culprit: toCulprit(report, ruby, { gem, version: owner?.version ?? null, path: header.file, symbol: null }),
      confidence: 'likely',
      evidence,
      alternatives,
    }
  }
  const { cMethod, callerGem, line } = ruby
  if (
    cMethod !== null &&
    ['[]', '[]=', 'to_s', 'to_str', 'ptr', 'ref', '+@', '-@'].includes(cMethod) &&
    isLoaded(/\/fiddle\.(?:so|bundle)$/, report) &&
    callerGem !== 'fiddle' &&
    !insideGc(site)
  ) {
    const evidence = [
      `the method ${cMethod} touched memory in libc, and fiddle is loaded: Ruby code used a raw pointer at ${line ?? 'an unknown line'}`,
    ]
    return {
      culprit: toCulprit(report, ruby, { gem: 'fiddle', version: null, path: 'fiddle.so', symbol: null }),
      confidence: 'suspected',
      evidence,
      alternatives,
    }
  }
  const byMethod = cMethod === null ? null : gemOfMethod(cMethod)
  if (cMethod !== null && byMethod !== null && (!isCoreMethod(cMethod) || callerGem === byMethod)) {
    const evidence = [`the C method that ran, ${cMethod}, is ${byMethod}'s${line === null ? '' : `, called at ${line}`}`]
    const agrees = callerGem === byMethod
    return {
      culprit: toCulprit(report, ruby, { gem: byMethod, version: null, path: null, symbol: cMethod }),
      confidence: agrees ? 'likely' : 'suspected',
      evidence,
      alternatives,
    }
  }
  if (cMethod === 'select' && callerGem === 'puma') {
    const evidence = ["puma's reactor waits in select, which is nio4r's"]
    return {
      culprit: toCulprit(report, ruby, { gem: 'nio4r', version: null, path: 'nio4r_ext.so', symbol: 'select' }),
      confidence: 'suspected',
      evidence,
      alternatives: [{ who: 'puma', why: `its Ruby code was calling (${line ?? ''})` }],
    }
  }
  const own = cMethod !== null && !isCoreMethod(cMethod)
  // A pure Ruby gem cannot fault by itself; one that hooks into the VM, or that called its own C method, can.
  const plausible = callerGem !== null && (own || isNativeGem(callerGem) || isInstrumentingGem(callerGem))
  const loading = cMethod === null || loadingMethod.test(cMethod)
  const opened = callerGem === 'ffi' && cMethod === 'open'
  if (callerGem !== null && plausible && !opened && !(isLoaderGem(callerGem) && loading)) {
    const native = isNativeGem(callerGem)
    const evidence = [
      `the innermost Ruby code is ${callerGem}'s${cMethod === null ? '' : `, which called the C method ${cMethod}`}: a caller, often innocent`,
    ]
    return {
      culprit: toCulprit(report, ruby, { gem: callerGem, version: null, path: null, symbol: own ? cMethod : null }),
      confidence: native && own ? 'likely' : 'suspected',
      evidence,
      alternatives,
    }
  }
  if (opened) alternatives.push({ who: 'a library that ffi was opening', why: `its initialisers run inside ${line ?? 'ffi'}` })
  else if (callerGem !== null)
    alternatives.push({ who: callerGem, why: `its Ruby code was running (${line ?? ''}), but it only calls others` })
  return { culprit: null, confidence: 'unknown', evidence: ['no frame names a gem'], alternatives }
}

function toCulprit(
  report: CrashReport,
  ruby: RubySite,
  found: { gem: string | null; version: string | null; path: string | null; symbol: string | null },
): Culprit {
  const version = found.version ?? (found.gem === null ? null : versionInReport(found.gem, report))
  const library = found.path === null ? null : baseName(found.path)
  const file = found.path?.includes('/') === true ? found.path : null
  return { ...nobody, gem: found.gem, version, library, file, function: found.symbol, rubyLine: ruby.line }
}

function traitsOf(report: CrashReport, site: CrashSite, ruby: RubySite): ReportTrait[] {
  const traits: ReportTrait[] = []
  const address = report.header?.address ?? null
  const pc = report.registers['RIP'] ?? report.registers['PC'] ?? report.registers['EIP']
  if (insideGc(site) || /T_NONE|during garbage collection|rb_gc_mark/.test(report.header?.message ?? '')) traits.push('in-gc')
  if (pc !== undefined && report.header?.signal !== 'ILL' && (pc === '0x0' || (address !== null && pc === address)))
    traits.push('wild-jump')
  if (
    report.header !== null &&
    report.format === 'ruby' &&
    report.header.file === null &&
    report.sections.includes('c') &&
    !report.sections.includes('control')
  )
    traits.push('no-ruby-thread')
  if (report.remarks.some((remark) => /received in|Crashed while/.test(remark))) traits.push('double-fault')
  if (address !== null && BigInt(address) < 0x1000n && report.header?.signal === 'SEGV') traits.push('null-pointer')
  if (
    /\.(?:so|bundle)$/.test(report.header?.file ?? '') ||
    (ruby.cMethod !== null && /^(?:require|require_relative|load)$/.test(ruby.cMethod))
  )
    traits.push('while-loading')
  if (site.suspect === null && site.through === null && site.frames.length > 0) traits.push('ruby-only')
  if (site.suspect === null || site.rubyBetween > 0) traits.push('in-ruby')
  return traits
}

function insideGc(site: CrashSite): boolean {
  return site.frames
    .slice(0, 12)
    .some(({ frame, owner }) => owner.tag !== 'gem' && frame.symbol !== null && gcFunction.test(frame.symbol.replace(/^_+/, '')))
}

function contextOf(report: CrashReport, site: CrashSite, ruby: RubySite, traits: readonly ReportTrait[]): string[] {
  const lines: string[] = []
  const address = report.header?.address ?? null
  if (ruby.line !== null) lines.push(`Ruby was at ${ruby.line}${ruby.cMethod === null ? '' : ` in the C method ${ruby.cMethod}`}`)
  if (traits.includes('null-pointer')) lines.push(`the fault address ${address ?? ''} is a field of a null pointer`)
  if (traits.includes('wild-jump'))
    lines.push('the instruction pointer is the fault address or zero: a call through a bad function pointer')
  if (traits.includes('in-gc')) lines.push('it struck inside garbage collection: the damage was done earlier, elsewhere')
  if (traits.includes('no-ruby-thread')) lines.push('the report has no Ruby sections: it struck in a native thread that runs no Ruby code')
  if (traits.includes('double-fault')) lines.push('Ruby crashed again while reporting')
  if (report.interleaved) lines.push('lines of two processes are mixed: frames may belong to either')
  if (!report.complete && site.frames.length === 0) lines.push('the report stops before its C backtrace')
  return lines
}

/** Ruby's functions that run Ruby code: whoever is below has only called in. */
function callsRuby(site: CrashSite): boolean {
  return (
    site.rubyFunctions.some((name) =>
      /^(?:rb_vm_exec|vm_exec|vm_call|rb_yield|rb_funcall|rb_protect|vm_sendish|invoke_block|rb_vm_invoke|rb_vm_call|rb_ensure|rb_rescue)/.test(
        name,
      ),
    ) || site.rubyBetween > 8
  )
}

function namesMethod(symbol: string | null, method: string | null): boolean {
  if (symbol === null || method === null) return false
  const plain = method.replace(/[^a-z0-9_]/gi, '').toLowerCase()
  return plain.length >= 3 && symbol.toLowerCase().includes(plain)
}

function pathOf({ owner, frame }: OwnedFrame): string {
  return owner.tag === 'gem' || owner.tag === 'library' ? owner.path : (frame.library ?? '')
}
