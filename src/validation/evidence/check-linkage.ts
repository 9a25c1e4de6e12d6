import { posix } from 'node:path'
import type { ElfFile } from '../../formats/elf/elf.ts'
import { readImports } from '../../formats/elf/symbols.ts'
import type { Extension } from '../gems/extension.ts'
import type { Library } from '../libraries/elf-shelf.ts'
import type { Resolved } from '../libraries/loader.ts'
import type { Observation } from '../observation.ts'
import { absentLibraries, oldLibraries } from './check-libraries.ts'
import type { Workbench } from './workbench.ts'

const rubySymbol = /^(?:rb_|ruby_|Ruby_|RUBY_|onig_|Onig)/
/** So many names are listed; the rest is counted. */
const listed = 5

export interface Linkage {
  readonly observations: readonly Observation[]
  /** Functions and variables of Ruby that this Ruby lacks. */
  readonly rubySymbolsAbsent: readonly string[]
  readonly usesRuby: boolean
  /** Every symbol that it must get from elsewhere. */
  readonly symbols: readonly string[]
  readonly libraries: readonly Library[]
}

/** Whether the loader could bind everything: libraries, their versions, symbols. */
export function checkLinkage(bench: Workbench, extension: Extension, elf: ElfFile): Linkage {
  const imports = readImports(elf)
  const symbols = 'tag' in imports ? [] : imports.filter(({ weak }) => !weak).map(({ name }) => name)
  const usesRuby = symbols.some((name) => rubySymbol.test(name))
  if (bench.linked === null) return { observations: [], rubySymbolsAbsent: [], usesRuby, symbols, libraries: [] }
  const { loader } = bench.linked
  const own = bench.tree.realPath(extension.path) ?? extension.path
  const resolved = loader.closure({ path: own, elf })
  // What Ruby itself lacks is told of Ruby, and says nothing about a gem.
  const closure = { ...resolved, absent: resolved.absent.filter(({ name }) => !loader.lackedByRuby.has(name)) }
  const complete = resolved.absent.length === 0 && loader.lackedByRuby.size === 0
  const unbound = bench.extensions.lacking(
    symbols.filter((name) => !loader.rubyOffers(name) && !closure.libraries.some((library) => library.exports(name))),
  )
  const others = unbound.filter((name) => !rubySymbol.test(name))
  return {
    observations: [
      ...absentLibraries(bench, extension, elf, closure, own),
      ...otherLibruby(bench, extension, closure),
      ...secondLibruby(bench, extension, closure),
      ...(loader.libc === 'glibc' ? oldLibraries(loader, extension, elf, closure) : []),
      ...(!complete || others.length === 0 ? [] : [unboundSymbols(extension, others, elf)]),
    ],
    rubySymbolsAbsent: loader.lackedByRuby.size > 0 ? [] : unbound.filter((name) => rubySymbol.test(name)),
    usesRuby,
    symbols,
    libraries: closure.libraries,
  }
}

/** Ruby compares the functions that a file would call with its own, and refuses those of another libruby (dln.c). */
function secondLibruby({ linked, runtime }: Workbench, extension: Extension, { libraries }: Resolved): Observation[] {
  return libraries
    .filter(({ path }) => posix.basename(path).startsWith('libruby') && posix.basename(path).includes(`.so.${runtime.minor}`))
    .filter((library) => linked?.loader.hasLoaded(library) === false)
    .map(({ path }) => ({
      code: 'LIBRUBY_UNWANTED' as const,
      gem: extension.gem.name,
      evidence: [{ what: `brings ${path}, which is not the Ruby that loads it`, where: extension.path }],
      explanation: `${extension.feature} brings a second copy of Ruby (${posix.basename(path)}) into the process, and is refused.`,
      mend: { tag: 'Rebuild' as const },
    }))
}

/** A libruby of this minor version under another name than this Ruby's own: Debian's beside one from source. */
function otherLibruby({ runtime }: Workbench, extension: Extension, { absent }: Resolved): Observation[] {
  return absent
    .filter(({ name }) => name.startsWith('libruby') && name.includes(`.so.${runtime.minor}`))
    .map(({ name, neededBy }) => ({
      code: 'BUILT_FOR_OTHER_RUBY' as const,
      gem: extension.gem.name,
      evidence: [{ what: `DT_NEEDED ${name}, found in none of the loader's folders`, where: neededBy }],
      explanation: `${extension.feature} was built for another build of Ruby ${runtime.minor}, whose library is ${name}.`,
      mend: { tag: 'Rebuild' as const },
    }))
}

function unboundSymbols(extension: Extension, names: readonly string[], elf: ElfFile): Observation {
  return {
    code: 'LIBRARY_SYMBOL_ABSENT',
    gem: extension.gem.name,
    evidence: [{ what: `undefined ${list(names)}; offered by none of ${elf.needed.join(', ')}`, where: extension.path }],
    explanation: `${extension.feature} uses ${names[0] ?? 'a symbol'}, which none of its libraries offers.`,
    mend: { tag: 'Rebuild' },
  }
}

export function list(names: readonly string[]): string {
  const more = names.length > listed ? ` and ${names.length - listed} more` : ''
  return names.slice(0, listed).join(', ') + more
}
