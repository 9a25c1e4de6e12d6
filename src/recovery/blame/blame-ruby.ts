import type { CrashReport } from '../../formats/crash-report/crash-report.ts'
import type { Blame } from './blame.ts'
import type { CrashSite } from './crash-site.ts'
import type { Alternative } from './explanation.ts'
import { baseName, gemOfPath, standardLibrary } from './gem-path.ts'
import { gemOfMethod, isInstrumentingGem, isLoaderGem, isNativeGem, isPureGem, isServerGem, ownerOfFile } from './known-owners.ts'
import { insideGc } from './report-traits.ts'
import { compiledGems, isCoreMethod, isLoaded, type RubySite } from './ruby-site.ts'
import { toCulprit } from './to-culprit.ts'

const loadingMethod = /^(?:require|require_relative|load|autoload|call|yield|each|send|public_send|synchronize)$/
/** Methods of Fiddle::Pointer that read or write raw memory from inside libruby or libc, so that fiddle has no frame. */
const pointerMethods = new Set(['[]', '[]=', 'to_s', 'to_str', 'ptr', 'ref', '+@', '-@'])

/** By what Ruby was doing. Never more than likely: Ruby code names the caller, not the cause. */
export function blameRuby(report: CrashReport, site: CrashSite, ruby: RubySite): Blame {
  return (
    blameLoading(report, ruby) ??
    blamePointer(report, site, ruby) ??
    blameMethod(report, ruby) ??
    blameOnlyExtension(report, ruby) ??
    blameCaller(report, ruby)
  )
}

/** The header names a compiled file while it is being required: its initialisers, or the loader on its behalf. */
function blameLoading(report: CrashReport, ruby: RubySite): Blame | null {
  const file = report.header?.file ?? null
  if (file === null || !/\.(?:so|bundle)$/.test(file)) return null
  const owner = ownerOfFile(file)
  const culprit = toCulprit(report, ruby, { gem: owner?.gem ?? null, version: owner?.version ?? null, path: file, symbol: null })
  return { culprit, confidence: 'likely', evidence: [`it happened while ${baseName(file)} was being loaded`], alternatives: [] }
}

function blamePointer(report: CrashReport, site: CrashSite, ruby: RubySite): Blame | null {
  const { cMethod, callerGem, line } = ruby
  if (cMethod === null || !pointerMethods.has(cMethod) || callerGem === 'fiddle' || insideGc(site)) return null
  if (!isLoaded(/\/fiddle\.(?:so|bundle)$/, report)) return null
  const culprit = toCulprit(report, ruby, { gem: 'fiddle', version: null, path: 'fiddle.so', symbol: null })
  const evidence = [
    `the method ${cMethod} touched memory in libc, and fiddle is loaded: Ruby code used a raw pointer at ${line ?? 'an unknown line'}`,
  ]
  return { culprit, confidence: 'suspected', evidence, alternatives: [] }
}

function blameMethod(report: CrashReport, ruby: RubySite): Blame | null {
  const { cMethod, callerGem, line } = ruby
  if (cMethod === null) return null
  if (cMethod === 'select' && callerGem === 'puma') {
    const culprit = toCulprit(report, ruby, { gem: 'nio4r', version: null, path: 'nio4r_ext.so', symbol: 'select' })
    const puma: Alternative = { who: 'puma', why: `its Ruby code was calling (${line ?? ''})` }
    return { culprit, confidence: 'suspected', evidence: ["puma's reactor waits in select, which is nio4r's"], alternatives: [puma] }
  }
  const gem = gemOfMethod(cMethod) ?? gemOfAdapter(ruby) ?? gemOfStandardCaller(ruby)
  if (gem === null || (isCoreMethod(cMethod) && callerGem !== gem && gemOfAdapter(ruby) === null)) return null
  const culprit = toCulprit(report, ruby, { gem, version: null, path: null, symbol: cMethod })
  const evidence = [`the C method that ran, ${cMethod}, is ${gem}'s${line === null ? '' : `, called at ${line}`}`]
  return { culprit, confidence: callerGem === gem ? 'likely' : 'suspected', evidence, alternatives: [] }
}

/** A C method that is none of Ruby's, called by no gem, while a single gem has compiled code loaded: whose else could it be? */
function blameOnlyExtension(report: CrashReport, ruby: RubySite): Blame | null {
  const { cMethod, callerGem, line } = ruby
  if (cMethod === null || callerGem !== null || isCoreMethod(cMethod)) return null
  const [gem, ...others] = compiledGems(report)
  if (gem === undefined || others.length > 0) return null
  return {
    culprit: toCulprit(report, ruby, { gem, version: null, path: null, symbol: cMethod }),
    confidence: 'suspected',
    evidence: [
      `the C method that ran, ${cMethod}, is none of Ruby's own, and only ${gem} has compiled code loaded (called at ${line ?? '?'})`,
    ],
    alternatives: [],
  }
}

/** `multi_json/adapters/oj.rb`, `connection_adapters/postgresql_adapter.rb`: the file bears the name of the gem that it calls. */
function gemOfAdapter({ file, cMethod }: RubySite): string | null {
  if (file === null || cMethod === null || loadingMethod.test(cMethod) || !/adapter|driver|backend|engine/i.test(file)) return null
  const name = baseName(file).replace(/(?:_adapter|_driver|_backend|_engine)?\.rb$/, '')
  const gem = /^postgres(?:ql)?$/.test(name) ? 'pg' : name
  return isNativeGem(gem) ? gem : null
}

/** A library that ffi opens runs its initialisers at once: whoever called `ffi_lib` wanted it. */
function blameOpening(report: CrashReport, ruby: RubySite): Blame {
  const files = [...report.controlFrames.map(({ label }) => label), ...report.rubyFrames.map(({ file }) => file)]
  const asker = files.map((file) => gemOfPath(file)?.gem).find((gem) => gem !== undefined && gem !== 'ffi')
  const opened = 'ffi was opening a library, whose initialisers run at once'
  if (asker === undefined || isLoaderGem(asker))
    return {
      culprit: null,
      confidence: 'unknown',
      evidence: [opened],
      alternatives: [{ who: 'the library that ffi was opening', why: `its initialisers run inside ${ruby.line ?? 'ffi'}` }],
    }
  return {
    culprit: toCulprit(report, ruby, { gem: asker, version: null, path: null, symbol: null }),
    confidence: 'suspected',
    evidence: [`${opened}: ${asker} asked for it`],
    alternatives: [{ who: 'ffi', why: 'it carried the call' }],
  }
}

/** A library of Ruby's own with a compiled half (openssl, json) whose Ruby half called a C method that is not the VM's. */
function gemOfStandardCaller({ file, cMethod }: RubySite): string | null {
  const name = file === null || cMethod === null || isCoreMethod(cMethod) ? null : standardLibrary(file)
  return name !== null && isNativeGem(name) ? name : null
}

/** A bare header, without the lists that would show whether the gem has compiled code; the gems that only call others are known. */
function mayBeNative({ header, controlFrames, cFrames, features, mappedFiles }: CrashReport, gem: string): boolean {
  const bare = header !== null && controlFrames.length + cFrames.length + features.length + mappedFiles.length === 0
  return bare && !isLoaderGem(gem) && !isPureGem(gem)
}

/** A pure Ruby gem cannot fault by itself; one that hooks into the VM, or that called its own C method, can. */
function blameCaller(report: CrashReport, ruby: RubySite): Blame {
  const { cMethod, callerGem, line } = ruby
  const unknown: Blame = { culprit: null, confidence: 'unknown', evidence: ['no frame names a gem'], alternatives: [] }
  if (callerGem === null) return unknown
  if (callerGem === 'ffi' && cMethod === 'open') return blameOpening(report, ruby)
  const own = cMethod !== null && !isCoreMethod(cMethod)
  const native = isNativeGem(callerGem) || compiledGems(report).has(callerGem) || mayBeNative(report, callerGem)
  const onlyLoads = isLoaderGem(callerGem) && (cMethod === null || loadingMethod.test(cMethod))
  // A server forks, waits and calls the application: its Ruby code runs whoever is to blame.
  const onlyServes = isServerGem(callerGem) && !own
  if (onlyLoads || onlyServes || !(own || native || isInstrumentingGem(callerGem)))
    return { ...unknown, alternatives: [{ who: callerGem, why: `its Ruby code was running (${line ?? ''}), but it only calls others` }] }
  const called = cMethod === null ? '' : `, which called the C method ${cMethod}`
  return {
    culprit: toCulprit(report, ruby, { gem: callerGem, version: null, path: null, symbol: own ? cMethod : null }),
    confidence: 'suspected',
    evidence: [`the innermost Ruby code is ${callerGem}'s${called}: a caller, often innocent`],
    alternatives: [],
  }
}
