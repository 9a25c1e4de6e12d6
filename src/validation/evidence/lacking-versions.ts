import { posix } from 'node:path'
import type { ElfFile } from '../../formats/elf/elf.ts'
import { readDefinedVersions, readNeededVersions } from '../../formats/elf/symbol-versions.ts'
import type { Library } from '../libraries/elf-shelf.ts'

/** Versions that a file wants of one library, and that the one found does not define. */
export interface LackingVersions {
  /** The name by which it is needed: `libc.so.6`. */
  readonly name: string
  /** `GLIBC_2.38`, … */
  readonly versions: readonly string[]
  /** The newest that is there; null when it can't be told. */
  readonly newest: string | null
  /** The library that was found. */
  readonly path: string
}

/**
 * What the loader would refuse with `version 'GLIBC_2.38' not found`. A library without versions satisfies all, as in ld.so
 * (glibc's elf/dl-version.c).
 */
export function lackingVersions(elf: ElfFile, libraries: readonly Library[]): LackingVersions[] {
  const needs = readNeededVersions(elf)
  if ('tag' in needs) return []
  return needs.flatMap(({ library: name, versions }) => {
    const library = libraries.find(({ elf: { soname }, path }) => soname === name || path.endsWith(`/${name}`))
    const defined = library === undefined ? [] : definedBy(library)
    if (library === undefined || defined.length === 0) return []
    const lacking = versions.filter(({ weak, name: version }) => !weak && !defined.includes(version)).map((version) => version.name)
    if (lacking.length === 0) return []
    return [{ name, versions: lacking, newest: defined.filter((each) => !/PRIVATE|ABI/.test(each)).at(-1) ?? null, path: library.path }]
  })
}

/** The same for libraries of a process, each looked at once. */
export function lackingVersionsOf(libraries: readonly Library[]): { readonly library: Library; readonly lacking: LackingVersions }[] {
  return libraries.flatMap((library) => {
    let lacking = settled.get(library)
    if (lacking === undefined) {
      lacking = lackingVersions(library.elf, libraries)
      settled.set(library, lacking)
    }
    return lacking.map((each) => ({ library, lacking: each }))
  })
}

const settled = new WeakMap<Library, readonly LackingVersions[]>()
const versionsOf = new WeakMap<Library, readonly string[]>()

function definedBy(library: Library): readonly string[] {
  const known = versionsOf.get(library)
  if (known !== undefined) return known
  const defined = readDefinedVersions(library.elf)
  const names = 'tag' in defined ? [] : defined
  versionsOf.set(library, names)
  return names
}

/** In words, for evidence. */
export function lackingEvidence({ name, versions, newest, path }: LackingVersions, wantedBy: string) {
  return [
    { what: `needs ${versions.join(', ')} of ${posix.basename(name)}`, where: wantedBy },
    { what: `offers up to ${newest ?? 'none'}`, where: path },
  ]
}
