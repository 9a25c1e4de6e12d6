import { posix } from 'node:path'
import type { ElfFile } from '../../formats/elf/elf.ts'
import { readDefinedVersions } from '../../formats/elf/symbol-versions.ts'
import type { FileTree } from '../files/file-tree.ts'
import type { ElfShelf, Library } from './elf-shelf.ts'
import { loaderFolders, type Libc, type LoaderFolders } from './loader-folders.ts'

/** Names that musl answers itself, whatever their version (musl's ldso/dynlink.c, `load_library`). */
const muslReserved = /^lib(?:c|pthread|rt|m|dl|util|xnet)\./

/** Libraries that are built against one another's interface: distributions have one or the other. */
const standIns: ReadonlyMap<string, readonly string[]> = new Map([
  ['libmysqlclient.so', ['libmariadb.so']],
  ['libmysqlclient_r.so', ['libmysqlclient.so', 'libmariadb.so']],
  ['libmariadb.so', ['libmysqlclient.so']],
  ['libmariadbclient.so', ['libmariadb.so', 'libmysqlclient.so']],
])

export interface Resolved {
  readonly libraries: readonly Library[]
  /** Needed, and in no folder: the name, and the file that needs it. */
  readonly absent: readonly { readonly name: string; readonly neededBy: string }[]
}

/** Finds libraries as the dynamic loader of a tree does (ld.so(8); musl's ldso/dynlink.c). */
export class Loader {
  readonly libc: Libc
  readonly #tree: FileTree
  readonly #shelf: ElfShelf
  readonly #machine: number
  readonly #bits: number
  readonly #folders: LoaderFolders
  readonly #process = new Map<string, Library>()
  /** By name: what the cache and the folders come to, whoever asks. */
  readonly #usual = new Map<string, Library | null>()
  /** By what a file needs: the closure of those that name no folders of their own, and lack nothing. */
  readonly #closures = new Map<string, Resolved>()
  readonly #offered = new Map<string, boolean>()
  /** What Ruby itself has loaded: symbols that every extension may use. */
  readonly #global: readonly Library[]
  /** RPATH of Ruby itself, which serves every file in the process. */
  readonly #rpath: readonly string[]
  /** The C library, when it makes no stack executable after Ruby's start; null when it does so, or when there is no need to. */
  readonly refusesExecutableStack: Library | null
  /** Libraries without which Ruby itself does not start. */
  readonly lackedByRuby: ReadonlySet<string>

  constructor(tree: FileTree, shelf: ElfShelf, ruby: Library, env: Readonly<Record<string, string>>) {
    this.#tree = tree
    this.#shelf = shelf
    this.#machine = ruby.elf.machine
    this.#bits = ruby.elf.bits
    this.libc =
      (ruby.elf.interpreter ?? '').includes('ld-musl') || ruby.elf.needed.some((name) => name.startsWith('libc.musl-')) ? 'musl' : 'glibc'
    this.#folders = loaderFolders(tree, this.libc, env, ruby.elf.interpreter)
    this.#rpath = ownRpath(ruby)
    const preloaded = preloads(env).flatMap((name) => this.find(name) ?? [])
    const own = this.#resolve(ruby)
    const loaded = [...preloaded, ...preloaded.flatMap((file) => this.#resolve(file).libraries), ...own.libraries]
    this.lackedByRuby = new Set(own.absent.map(({ name }) => name))
    this.#global = [ruby, ...new Set(loaded)]
    for (const library of loaded) this.#process.set(library.elf.soname ?? posix.basename(library.path), library)
    const allowed = ruby.elf.executableStack === 'asked' || /\bglibc\.rtld\.execstack=2\b/.test(env['GLIBC_TUNABLES'] ?? '')
    const cLibrary = allowed ? undefined : this.#process.get('libc.so.6')
    this.refusesExecutableStack = cLibrary !== undefined && isStrict(cLibrary) ? cLibrary : null
  }

  /** Why the loader's cache can't be understood; null when there is nothing to say. */
  get cacheTrouble(): string | null {
    return this.#folders.cacheTrouble
  }

  /** What a name or path of LD_PRELOAD stands for; null when the loader would go on without it. */
  find(name: string): Library | null {
    const library = this.#find(name, '/', { runpath: null }, [])
    return library === 'loader' ? null : library
  }

  /** Whether Ruby itself, or a library that it loads, offers a symbol. */
  rubyOffers(symbol: string): boolean {
    const known = this.#offered.get(symbol)
    if (known !== undefined) return known
    const offers = this.#global.some((library) => library.exports(symbol))
    this.#offered.set(symbol, offers)
    return offers
  }

  /** Whether Ruby itself loads a library at its start. */
  hasLoaded(library: Library): boolean {
    return this.#global.includes(library)
  }

  /** The libraries that one file brings along, breadth first, those of the process among them. */
  closure(file: { readonly path: string; readonly elf: ElfFile }): Resolved {
    const { needed, rpath, runpath } = file.elf
    if (rpath !== null || runpath !== null) return this.#resolve(file)
    const key = needed.join('\n')
    const known = this.#closures.get(key)
    if (known !== undefined) return known
    const resolved = this.#resolve(file)
    if (resolved.absent.length === 0) this.#closures.set(key, resolved)
    return resolved
  }

  #resolve(file: { readonly path: string; readonly elf: ElfFile }): Resolved {
    const libraries = new Map<string, Library>()
    const absent = new Map<string, string>()
    const queue: { path: string; elf: ElfFile; inherited: readonly string[] }[] = [{ ...file, inherited: this.#rpath }]
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const { path, elf } = next
      const rpath = [...ownRpath(next), ...next.inherited]
      for (const name of elf.needed) {
        // A RUNPATH takes the RPATH of all their meaning, for what this file itself needs.
        const library = this.#process.get(name) ?? this.#find(name, path, elf, elf.runpath === null ? rpath : [])
        if (library === null) {
          if (!(this.libc === 'musl' && muslReserved.test(name)) && !/^ld-(?:linux|musl)/.test(name)) absent.set(name, path)
        } else if (library !== 'loader' && !libraries.has(library.path)) {
          libraries.set(library.path, library)
          queue.push({ path: library.path, elf: library.elf, inherited: rpath })
        }
      }
    }
    return { libraries: [...libraries.values()], absent: [...absent].map(([name, neededBy]) => ({ name, neededBy })) }
  }

  /** Other versions of a library that the loader would find (`libssl.so.3` for `libssl.so.1.1`). */
  otherMajors(name: string): string[] {
    const stem = /^(.*?\.so)(?:\.|$)/.exec(name)?.[1]
    if (stem === undefined) return []
    const stems = [stem, ...(standIns.get(stem) ?? [])]
    // `libpq.so.5.15` is the file that `libpq.so.5` stands for.
    const isOther = (other: string) => stems.some((each) => other.startsWith(`${each}.`)) && !`${other}.`.startsWith(`${name}.`)
    const cached = [...this.#folders.cached].filter(([other]) => isOther(other)).map(([, paths]) => paths[0] ?? '')
    if (cached.length > 0) return cached
    return this.folders().flatMap((folder) =>
      this.#tree
        .list(folder)
        .filter((entry) => isOther(entry.name))
        .map((entry) => posix.join(folder, entry.name)),
    )
  }

  /** Where it looks for whatever no cache names; each folder once, however many names it has. */
  folders(): string[] {
    return [...new Set(this.#folders.after.map((folder) => this.#tree.realPath(folder) ?? folder))]
  }

  /** Every place of a name in the cache or the folders, whether or not a library is there. */
  places(name: string): string[] {
    return [...(this.#folders.cached.get(name) ?? []), ...this.folders().map((folder) => posix.join(folder, name))]
  }

  /** Whether the loader takes the file: it is whole, and for Ruby's own processor. */
  fits({ machine, bits, truncatedAt }: ElfFile): boolean {
    return machine === this.#machine && bits === this.#bits && truncatedAt !== 'segment'
  }

  #find(name: string, requester: string, elf: Pick<ElfFile, 'runpath'>, rpath: readonly string[]): Library | 'loader' | null {
    if (this.libc === 'musl' && (muslReserved.test(name) || name.startsWith('libc.musl-'))) return this.#musl()
    if (name.includes('/')) return this.#fitting(name)
    const before = [...rpath, ...this.#folders.before, ...folders(elf.runpath, requester)]
    for (const folder of before) {
      const library = this.#fitting(posix.join(folder, name))
      if (library !== null) return library
    }
    const known = this.#usual.get(name)
    if (known !== undefined) return known
    const library = this.#findUsual(name)
    this.#usual.set(name, library)
    return library
  }

  #findUsual(name: string): Library | null {
    for (const path of this.#folders.cached.get(name) ?? []) {
      const library = this.#fitting(path)
      if (library !== null) return library
    }
    for (const folder of this.#folders.after) {
      const library = this.#fitting(posix.join(folder, name))
      if (library !== null) return library
    }
    return null
  }

  #musl(): Library | 'loader' {
    return this.#folders.muslLoader === null ? 'loader' : (this.#shelf.library(this.#folders.muslLoader) ?? 'loader')
  }

  /** The loader passes over files of another processor or word size and looks on; a cut one it refuses. */
  #fitting(path: string): Library | null {
    const library = this.#shelf.library(path)
    return library !== null && this.fits(library.elf) ? library : null
  }
}

/** Entries of LD_PRELOAD, without those that only the loader itself can expand (`$LIB`). */
export function preloads(env: Readonly<Record<string, string>>): string[] {
  return (env['LD_PRELOAD'] ?? '').split(/[ :]/).filter((name) => name !== '' && !name.includes('$'))
}

/** From glibc 2.41 on `dlopen` refuses what wants an executable stack (its NEWS, "glibc.rtld.execstack"). */
function isStrict(cLibrary: Library): boolean {
  const versions = readDefinedVersions(cLibrary.elf)
  return !('tag' in versions) && versions.some((version) => Number(/^GLIBC_2\.(\d+)$/.exec(version)?.[1]) >= 41)
}

function ownRpath({ path, elf }: { readonly path: string; readonly elf: ElfFile }): string[] {
  return elf.runpath === null ? folders(elf.rpath, path) : []
}

/** RPATH or RUNPATH with `$ORIGIN` put in. */
function folders(path: string | null, requester: string): string[] {
  if (path === null || path === '') return []
  const origin = posix.dirname(requester)
  return path
    .split(':')
    .map((folder) => folder.replaceAll(/\$(?:ORIGIN|\{ORIGIN\})/g, origin))
    .filter((folder) => folder.startsWith('/'))
}
