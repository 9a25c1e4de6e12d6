import { posix } from 'node:path'
import type { ElfFile } from '../../formats/elf/elf.ts'
import { readElf } from '../../formats/elf/read-elf.ts'
import { isCritical } from '../compatibility/critical-gems.ts'
import { deniedAt, whyNoFile } from '../files/describe-entry.ts'
import type { Extension, GemExtensions } from '../gems/extension.ts'
import type { Mend, Observation } from '../observation.ts'
import type { Evidence } from '../validation-report.ts'
import { checkMachine } from './check-machine.ts'
import { checkOddities, initNames } from './check-oddities.ts'
import type { Judgement } from './judgement.ts'
import { checkLinkage, list } from './check-linkage.ts'
import { whyNoLibrary } from './check-library.ts'
import type { Claim } from './claim.ts'
import { compareCopies } from './compare-copies.ts'
import { readHeaderSymbols } from './header-symbols.ts'
import { foreignKind, isMachO, readHead } from './file-kind.ts'
import { judgeMach } from './judge-mach.ts'
import { readClaims } from './read-claims.ts'
import { withElf } from '../libraries/with-elf.ts'
import type { Workbench } from './workbench.ts'

/** Weighs everything that one loaded extension shows. */
export function judgeExtension(bench: Workbench, extension: Extension, gem: GemExtensions): Judgement {
  const file = bench.tree.open(extension.path)
  if (file === null) {
    const why = `the file is ${whyNoFile(bench.tree, extension.path) ?? 'no longer there'}`
    const denied = deniedAt(bench.tree, extension.path)
    return refused(extension, 'EXTENSION_UNREADABLE', why, denied === null ? { tag: 'Rebuild' } : { tag: 'Permit', path: denied })
  }
  try {
    const head = readHead(file)
    const kind = foreignKind(head)
    if (kind !== null) return refused(extension, file.size === 0 ? 'EXTENSION_TRUNCATED' : 'EXTENSION_NO_LIBRARY', `the file is ${kind}`)
    if (isMachO(head)) {
      const judged = judgeMach(bench, extension, file)
      return 'code' in judged ? refused(extension, judged.code, judged.what) : judged
    }
    const elf = readElf(file)
    if (elf.tag === 'Malformed') return refused(extension, 'EXTENSION_UNREADABLE', `offset ${elf.offset}: ${elf.why}`)
    return judgeElf(bench, extension, gem, elf)
  } finally {
    file.close()
  }
}

function judgeElf(bench: Workbench, extension: Extension, gem: GemExtensions, elf: ElfFile): Judgement {
  const unfit = checkMachine(bench, extension, elf)
  if (unfit !== null && isForAnother(bench, extension, gem, elf))
    return { verdict: 'compatible', observations: [], builtFor: null, brought: [] }
  if (unfit !== null) return { verdict: 'incompatible', observations: [unfit], builtFor: null, brought: [] }
  if (elf.truncatedAt === 'segment') return refused(extension, 'EXTENSION_TRUNCATED', `the file ends before its last segment does`)

  const whyNot = whyNoLibrary(elf)
  if (whyNot !== null) return refused(extension, 'EXTENSION_UNREADABLE', whyNot)

  const { minor } = bench.runtime
  const claims = readClaims(extension, elf)
  const linkage = checkLinkage(bench, extension, elf)
  if (claims.length === 0) claims.push(...readHeaderSymbols(linkage.symbols, minor, extension.path))
  // What Ruby brought along is its own, unless the file says otherwise.
  if (claims.length === 0 && extension.gem.origin === 'default')
    claims.push({ minor, by: 'publisher', what: "stands in Ruby's own folder", where: extension.path })
  const observations: Observation[] = [...linkage.observations, ...checkOddities(bench, extension, elf, linkage.usesRuby)]
  const helper = !linkage.usesRuby && !claims.some(({ by }) => by === 'file') && initNames(elf).length === 0
  if (helper && shouldInit(bench, extension, gem)) return refused(extension, 'INIT_ABSENT', 'it is another library, which Ruby can not use')
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

/** Whether a file is no extension, and one of a gem's copies of a library for several machines, from which its Ruby code chooses. */
function isForAnother(bench: Workbench, { path }: Extension, { loaded }: GemExtensions, elf: ElfFile): boolean {
  if (initNames(elf).length > 0) return false
  return loaded.some((other) => {
    if (other.path === path || posix.basename(other.path) !== posix.basename(path)) return false
    return withElf(bench.tree, other.path, (twin) => checkMachine(bench, other, twin) === null && initNames(twin).length === 0) ?? false
  })
}

/** Whether an extension must be here: a critical gem's only file, or one whose other copy is an extension. */
function shouldInit({ tree }: Workbench, { path, feature }: Extension, { gem, loaded, shadowed }: GemExtensions): boolean {
  if (isCritical(gem.name) && loaded.length === 1) return true
  const twin = shadowed.find((copy) => copy.feature === feature && copy.path !== path)
  return twin !== undefined && (withElf(tree, twin.path, (elf) => initNames(elf).length > 0) ?? false)
}

const decisive: ReadonlySet<string> = new Set([
  'BUILT_FOR_OTHER_RUBY',
  'RUBY_SYMBOL_ABSENT',
  'LIBRARY_SYMBOL_ABSENT',
  'LIBRARY_ABSENT',
  'LIBRARY_TOO_OLD',
  'LIBRUBY_UNWANTED',
  'INIT_ABSENT',
  'ABI_VERSION_ABSENT',
  'EXECUTABLE_STACK_REFUSED',
])

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
  code: 'EXTENSION_UNREADABLE' | 'EXTENSION_TRUNCATED' | 'EXTENSION_NO_LIBRARY' | 'INIT_ABSENT',
  what: string,
  mend: Mend = { tag: 'Rebuild' },
): Judgement {
  const observation: Observation = {
    code,
    gem: extension.gem.name,
    evidence: [{ what, where: extension.path }],
    explanation: `${extension.feature} can not be loaded: ${what}.`,
    mend,
  }
  return { verdict: 'incompatible', observations: [observation], builtFor: null, brought: [] }
}

function toEvidence({ minor, what, where }: Claim): Evidence {
  return { what: `${what} (Ruby ${minor})`, where }
}
