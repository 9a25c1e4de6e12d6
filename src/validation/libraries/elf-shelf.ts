import type { ElfFile } from '../../formats/elf/elf.ts'
import { readElf } from '../../formats/elf/read-elf.ts'
import { exportsSymbol } from '../../formats/elf/symbols.ts'
import type { FileTree, OpenFile } from '../files/file-tree.ts'

/** A shared library (or Ruby itself) that stays open while extensions are judged against it. */
export interface Library {
  /** With every link followed. */
  readonly path: string
  readonly elf: ElfFile
  exports(symbol: string): boolean
}

/** Opens each library once. `close` gives the descriptors back. */
export class ElfShelf {
  readonly #tree: FileTree
  /** By the path that was asked for, and by the one that its links lead to. */
  readonly #libraries = new Map<string, Library | null>()
  readonly #open: OpenFile[] = []

  constructor(tree: FileTree) {
    this.#tree = tree
  }

  /** Null when nothing is there, or when it is no readable ELF file. */
  library(path: string): Library | null {
    const known = this.#libraries.get(path)
    if (known !== undefined) return known
    const real = this.#tree.realPath(path)
    const library = real === null ? null : (this.#libraries.get(real) ?? this.#read(real))
    this.#libraries.set(path, library)
    if (real !== null) this.#libraries.set(real, library)
    return library
  }

  close(): void {
    for (const file of this.#open.splice(0)) file.close()
    this.#libraries.clear()
  }

  #read(path: string): Library | null {
    const file = this.#tree.open(path)
    if (file === null) return null
    const elf = readElf(file)
    if (elf.tag !== 'Elf') {
      file.close()
      return null
    }
    this.#open.push(file)
    const offered = new Map<string, boolean>()
    return {
      path,
      elf,
      exports: (symbol) => {
        const known = offered.get(symbol)
        if (known !== undefined) return known
        const answer = exportsSymbol(elf, symbol) === true
        offered.set(symbol, answer)
        return answer
      },
    }
  }
}
