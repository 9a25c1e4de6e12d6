import { posix } from 'node:path'
import type { ElfFile } from '../../formats/elf/elf.ts'
import { readElf } from '../../formats/elf/read-elf.ts'
import { exportsSymbol, readExports } from '../../formats/elf/symbols.ts'
import type { Extension, GemExtensions } from '../gems/extension.ts'
import type { Observation } from '../observation.ts'
import type { Evidence, Verdict } from '../validation-report.ts'
import { checkLinkage, list } from './check-linkage.ts'
import type { Brought } from './check-process.ts'
import type { Claim } from './claim.ts'
import { compareCopies } from './compare-copies.ts'
import { readHeaderSymbols } from './header-symbols.ts'
import { foreignKind, isMachO } from './file-kind.ts'
import { machineName } from './machine-name.ts'
import { readClaims } from './read-claims.ts'
import type { Workbench } from './workbench.ts'

export interface Judgement {
  readonly verdict: Verdict
  readonly observations: readonly Observation[]
  /** Minor version of the Ruby it was built for; null when nothing tells. */
  readonly builtFor: string | null
  /** Libraries that it brings into the process. */
  readonly brought: readonly Brought[]
}

/** Weighs everything that one loaded extension shows. */
export function judgeExtension(bench: Workbench, extension: Extension, gem: GemExtensions): Judgement {
  const file = bench.tree.open(extension.path)
  if (file === null) return refused(extension, 'EXTENSION_UNREADABLE', 'the file can not be opened')
  try {
    const kind = foreignKind(file)
    if (kind !== null) return refused(extension, file.size === 0 ? 'EXTENSION_TRUNCATED' : 'EXTENSION_NO_LIBRARY', `the file is ${kind}`)
    if (isMachO(file.read(0, Math.min(4, file.size))))
      return refused(extension, 'EXTENSION_NO_LIBRARY', 'the file is a macOS library (Mach-O)')
    const elf = readElf(file)
    if (elf.tag === 'Malformed') return refused(extension, 'EXTENSION_UNREADABLE', `offset ${elf.offset}: ${elf.why}`)
    return judgeElf(bench, extension, gem, elf)
  } finally {
    file.close()
  }
}

function judgeElf(bench: Workbench, extension: Extension, gem: GemExtensions, elf: ElfFile): Judgement {
  const unfit = checkMachine(bench, extension, elf)
  if (unfit !== null) return { verdict: 'incompatible', observations: [unfit], builtFor: null, brought: [] }
  if (elf.truncatedAt === 'segment') return refused(extension, 'EXTENSION_TRUNCATED', `the file ends before its last segment does`)

  const { minor } = bench.runtime
  const claims = readClaims(extension, elf)
  const linkage = checkLinkage(bench, extension, elf)
  if (claims.length === 0) claims.push(...readHeaderSymbols(linkage.symbols, minor, extension.path))
  const observations: Observation[] = [...linkage.observations, ...oddities(bench, extension, elf, linkage.usesRuby)]
  const helper = !linkage.usesRuby && !claims.some(({ by }) => by === 'file') && initNames(elf).length === 0
  // Where the file itself names this Ruby only, its folders add nothing.
  const settled = claims.length > 0 && claims.every((claim) => claim.minor === minor)
  if (!helper && !settled) claims.push(...compareCopies(bench, extension, gem, claims))

  const strong = claims.filter(({ by }) => by !== 'place')
  const against = strong.filter((claim) => claim.minor !== minor)
  const builtFor = against[0]?.minor ?? strong[0]?.minor ?? null
  if (against.length > 0) observations.push(otherRuby(bench, extension, claims, against, linkage.rubySymbolsAbsent))
  else if (linkage.rubySymbolsAbsent.length > 0) observations.push(absentSymbols(bench, extension, linkage.rubySymbolsAbsent))
  else if (strong.length === 0 && !helper) observations.push(unknownOrigin(bench, extension, claims))
  if (new Set(claims.map((claim) => claim.minor)).size > 1) observations.push(contradiction(extension, claims))

  const incompatible = observations.some(({ code }) => decisive.has(code))
  const verdict = incompatible ? 'incompatible' : observations.some(({ code }) => code === 'ORIGIN_UNKNOWN') ? 'unknown' : 'compatible'
  const brought = linkage.libraries.map(({ elf: { soname }, path }) => ({
    gem: extension.gem.name,
    name: soname ?? posix.basename(path),
    path,
  }))
  return { verdict, observations, builtFor, brought }
}

const decisive: ReadonlySet<string> = new Set([
  'BUILT_FOR_OTHER_RUBY',
  'RUBY_SYMBOL_ABSENT',
  'LIBRARY_SYMBOL_ABSENT',
  'LIBRARY_ABSENT',
  'LIBRARY_TOO_OLD',
  'INIT_ABSENT',
  'ABI_VERSION_ABSENT',
])

function checkMachine({ linked, runtime }: Workbench, extension: Extension, elf: ElfFile): Observation | null {
  if (linked === null) return null
  const { ruby, loader } = linked
  if (elf.machine !== ruby.elf.machine || elf.bits !== ruby.elf.bits || elf.littleEndian !== ruby.elf.littleEndian)
    return {
      code: 'ARCHITECTURE_DIFFERS',
      gem: extension.gem.name,
      evidence: [
        { what: machineName(elf), where: extension.path },
        { what: machineName(ruby.elf), where: ruby.path },
      ],
      explanation: `${extension.feature} is compiled for ${machineName(elf)}, Ruby ${runtime.version} for ${machineName(ruby.elf)}.`,
      mend: { tag: 'Rebuild' },
    }
  const musl = elf.needed.find((name) => name.startsWith('libc.musl-') || name === 'libc.so')
  const glibc = elf.needed.find((name) => /^libc\.so\.6|^ld-linux/.test(name))
  const wrong = loader.libc === 'glibc' ? musl : glibc
  if (wrong === undefined) return null
  return {
    code: 'LIBC_DIFFERS',
    gem: extension.gem.name,
    evidence: [
      { what: `DT_NEEDED ${wrong}`, where: extension.path },
      { what: `runs on ${loader.libc}`, where: ruby.path },
    ],
    explanation: `${extension.feature} is built for ${loader.libc === 'glibc' ? 'musl' : 'glibc'}, Ruby runs on ${loader.libc}.`,
    mend: { tag: extension.gem.platform === 'ruby' ? 'Rebuild' : 'SourceBuild' },
  }
}

function oddities({ runtime, linked }: Workbench, extension: Extension, elf: ElfFile, usesRuby: boolean): Observation[] {
  const name = `Init_${posix.basename(extension.feature)}`
  const inits = initNames(elf)
  const found: Observation[] = []
  if (usesRuby && inits.length > 0 && !inits.includes(name))
    found.push({
      code: 'INIT_ABSENT',
      gem: extension.gem.name,
      evidence: [{ what: `offers ${list(inits)}, not ${name}`, where: extension.path }],
      explanation: `${extension.feature} has no ${name}: the file was renamed, or is another one.`,
      mend: { tag: 'Rebuild' },
    })
  if (runtime.prerelease && usesRuby && exportsSymbol(elf, 'ruby_abi_version') !== true)
    found.push({
      code: 'ABI_VERSION_ABSENT',
      gem: extension.gem.name,
      evidence: [{ what: 'offers no ruby_abi_version', where: extension.path }],
      explanation: `Ruby ${runtime.version} is a development version, and ${extension.feature} was not built for exactly this one.`,
      mend: { tag: extension.gem.platform === 'ruby' ? 'Rebuild' : 'SourceBuild' },
    })
  const libruby = elf.needed.find((name) => name.startsWith('libruby'))
  if (!runtime.shared && libruby !== undefined)
    found.push({
      code: 'LIBRUBY_UNWANTED',
      gem: extension.gem.name,
      evidence: [{ what: `DT_NEEDED ${libruby}; Ruby is static`, where: extension.path }],
      explanation: `${extension.feature} brings a second copy of Ruby (${libruby}) into a static Ruby's process.`,
      mend: { tag: 'Rebuild' },
    })
  const jemalloc = elf.needed.find((name) => name.startsWith('libjemalloc'))
  if (jemalloc !== undefined && linked !== null && !linked.loader.rubyOffers('mallctl'))
    found.push({
      code: 'ALLOCATOR_LATE',
      gem: extension.gem.name,
      evidence: [{ what: `DT_NEEDED ${jemalloc}, which Ruby itself does not load`, where: extension.path }],
      explanation: `${extension.feature} brings ${jemalloc} in after Ruby has started, where thread-local storage may be used up.`,
      mend: { tag: 'Rebuild' },
    })
  if (elf.executableStack)
    found.push({
      code: 'EXECUTABLE_STACK',
      gem: extension.gem.name,
      evidence: [{ what: 'PT_GNU_STACK asks for an executable stack', where: extension.path }],
      explanation: `${extension.feature} asks for an executable stack, which newer systems refuse.`,
      mend: { tag: 'Rebuild' },
    })
  return found
}

function initNames(elf: ElfFile): readonly string[] {
  const names = readExports(elf, 'Init_')
  return 'tag' in names ? [] : names
}

function otherRuby(
  { runtime }: Workbench,
  extension: Extension,
  claims: readonly Claim[],
  against: readonly Claim[],
  absent: readonly string[],
): Observation {
  const built = against[0]?.minor ?? ''
  return {
    code: 'BUILT_FOR_OTHER_RUBY',
    gem: extension.gem.name,
    evidence: [
      ...[...against, ...claims.filter((claim) => !against.includes(claim))].map(toEvidence),
      ...(absent.length === 0
        ? []
        : [{ what: `undefined ${list(absent)}, which Ruby ${runtime.minor} does not have`, where: extension.path }]),
    ],
    explanation: `${extension.feature} was built for Ruby ${built}; it would be loaded by Ruby ${runtime.version}.`,
    mend: { tag: 'Rebuild' },
  }
}

function absentSymbols({ runtime }: Workbench, extension: Extension, absent: readonly string[]): Observation {
  return {
    code: 'RUBY_SYMBOL_ABSENT',
    gem: extension.gem.name,
    evidence: [{ what: `undefined ${list(absent)}`, where: extension.path }],
    explanation: `${extension.feature} uses ${absent[0] ?? ''}, which Ruby ${runtime.version} does not have: it was built for another version.`,
    mend: { tag: 'Rebuild' },
  }
}

function unknownOrigin({ runtime }: Workbench, extension: Extension, claims: readonly Claim[]): Observation {
  return {
    code: 'ORIGIN_UNKNOWN',
    gem: extension.gem.name,
    evidence: [
      { what: 'no libruby, no debug information and no path that names a Ruby', where: extension.path },
      ...claims.map(toEvidence),
    ],
    explanation: `Nothing in ${extension.feature} tells whether it was built for Ruby ${runtime.minor}.`,
    mend: { tag: 'Rebuild' },
  }
}

function contradiction(extension: Extension, claims: readonly Claim[]): Observation {
  return {
    code: 'EVIDENCE_CONTRADICTS',
    gem: extension.gem.name,
    evidence: claims.map(toEvidence),
    explanation: `The evidence about ${extension.feature} names Ruby ${[...new Set(claims.map((claim) => claim.minor))].join(' and ')}.`,
    mend: { tag: 'Rebuild' },
  }
}

function refused(
  extension: Extension,
  code: 'EXTENSION_UNREADABLE' | 'EXTENSION_TRUNCATED' | 'EXTENSION_NO_LIBRARY',
  what: string,
): Judgement {
  const observation: Observation = {
    code,
    gem: extension.gem.name,
    evidence: [{ what, where: extension.path }],
    explanation: `${extension.feature} can not be loaded: ${what}.`,
    mend: { tag: 'Rebuild' },
  }
  return { verdict: 'incompatible', observations: [observation], builtFor: null, brought: [] }
}

function toEvidence({ minor, what, where }: Claim): Evidence {
  return { what: `${what} (Ruby ${minor})`, where }
}
