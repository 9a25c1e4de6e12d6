import type { CrashReport } from '../../formats/crash-report/crash-report.ts'
import { atMost, type Blame } from './blame.ts'
import { blameRuby } from './blame-ruby.ts'
import type { CrashSite, OwnedFrame } from './crash-site.ts'
import type { Alternative } from './explanation.ts'
import { baseName } from './gem-path.ts'
import { gemOfSymbol, isBridgeGem, isLoaderGem, isPureGem, isServerGem } from './known-owners.ts'
import { versionInReport, type RubySite } from './ruby-site.ts'
import { toCulprit } from './to-culprit.ts'

/** By the C frames; null where they name nobody. A gem with frames of Ruby between it and the fault is at most suspected. */
export function blameCFrames(report: CrashReport, site: CrashSite, ruby: RubySite): Blame | null {
  const { suspect, through, rubyBetween } = site
  if (suspect === null) return through === null ? null : blameLibrary(report, site, through, ruby)
  if (suspect.owner.tag !== 'gem') return null
  const { gem, path } = suspect.owner
  const { symbol, source } = functionOf(suspect, site)
  const at = `${baseName(path)}${symbol === null ? '' : ` in ${symbol}`}${source === null ? '' : ` (${baseName(source)})`}`
  const culprit = toCulprit(report, ruby, { gem, version: suspect.owner.version, path, symbol })
  const bridge = isBridgeGem(gem) ? blameThroughBridge(report, site, ruby, gem) : null
  if (bridge !== null) return bridge
  if (rubyBetween === 0) {
    const below =
      site.frames[0] === suspect
        ? 'it faulted there itself'
        : through === null
          ? 'libc faulted on its behalf'
          : `${baseName(pathOf(through))} faulted on its behalf`
    // What a bridge carried the call to is not known: the library may be anybody's.
    const carried = isBridgeGem(gem) && through?.owner.tag === 'library' && through.owner.gem === null
    const doubtful = site.found === 'guess' || suspect.owner.by === 'guess' || carried
    const sure = doubtful ? 'suspected' : suspect.owner.by === 'name' ? 'likely' : 'certain'
    return {
      culprit,
      confidence: sure,
      evidence: [`the first C frame after the signal that is neither Ruby's nor libc's is ${at}; ${below}`],
      alternatives: through === null ? [] : [{ who: baseName(pathOf(through)), why: `the fault itself was in it, called by ${gem}` }],
    }
  }
  const onTop = `${rubyBetween} frame${rubyBetween === 1 ? '' : 's'} of Ruby itself lie${rubyBetween === 1 ? 's' : ''} between the fault and ${at}`
  // A server calls whatever the application is; what it handed to the garbage collector is its own.
  const servedBy = isServerGem(gem) && !namesMethod(symbol, ruby.cMethod) && !/_mark(?:_\w+)?$/.test(symbol ?? '')
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

/** Functions of ffi_c that build and read its own objects (ext/ffi_c/Struct.c, StructLayout.c, ArrayType.c). */
const ownWork = /^(?:struct|array|inline_array|strct|layout)_\w+$/

/**
 * ffi and fiddle only carry calls from Ruby to a C library: where the library has an owner, or a gem's Ruby code made the call, that one is
 * meant. From an application's own code the bridge itself stays the answer.
 */
function blameThroughBridge(report: CrashReport, site: CrashSite, ruby: RubySite, bridge: string): Blame | null {
  const { through, rubyBetween, suspect } = site
  if (rubyBetween > 0) return null
  // It faulted in a function of the bridge's own, at its own work: no library was called.
  if (through === null && suspect !== null && site.frames[0] === suspect && ownWork.test(suspect.frame.symbol ?? '')) return null
  const path = through === null ? null : pathOf(through)
  const owner = through?.owner.tag === 'library' && through.owner.gem !== null && !isBridgeGem(through.owner.gem) ? through.owner.gem : null
  const caller = ruby.callerGem === bridge ? null : ruby.callerGem
  const gem = owner ?? caller
  if (gem === null) return null
  const what = path === null ? 'C code' : baseName(path)
  const agrees = owner !== null && owner === caller
  return {
    culprit: toCulprit(report, ruby, { gem, version: null, path, symbol: through?.frame.symbol ?? ruby.cMethod }),
    confidence: agrees ? 'likely' : 'suspected',
    evidence: [`it faulted in ${what}, which ${bridge} called for Ruby code${caller === null ? '' : ` of ${caller}`}`],
    alternatives: [{ who: bridge, why: 'it carried the call' }],
  }
}

function blameLibrary(report: CrashReport, site: CrashSite, through: OwnedFrame, ruby: RubySite): Blame {
  const path = pathOf(through)
  const bySymbol = through.frame.symbol === null ? null : gemOfSymbol(through.frame.symbol)
  const usual = (through.owner.tag === 'library' ? through.owner.gem : null) ?? bySymbol
  const gem = usual !== null && isOnlyUser(report, ruby.callerGem, usual) ? ruby.callerGem : usual
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

/** Whether the gem that Ruby was in may use the library as well, while nothing shows the one that mostly does. */
function isOnlyUser(report: CrashReport, caller: string | null, usual: string): boolean {
  if (caller === null || isPureGem(caller) || isLoaderGem(caller) || isServerGem(caller)) return false
  return versionInReport(usual, report) === null
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
