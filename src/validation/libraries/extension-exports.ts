import { exportsSymbol } from '../../formats/elf/symbols.ts'
import type { FileTree } from '../files/file-tree.ts'
import { withElf } from './with-elf.ts'

/** What the app's extensions offer one another: some are built upon others. Opens one file at a time, and only when something is lacking. */
export class ExtensionExports {
  readonly #tree: FileTree
  readonly #paths: readonly string[]
  readonly #known = new Map<string, boolean>()

  constructor(tree: FileTree, paths: readonly string[]) {
    this.#tree = tree
    this.#paths = paths
  }

  /** Those of the symbols that no extension offers. */
  lacking(symbols: readonly string[]): string[] {
    const asked = symbols.filter((symbol) => !this.#known.has(symbol))
    for (const symbol of asked) this.#known.set(symbol, false)
    if (asked.length > 0)
      for (const path of this.#paths) withElf(this.#tree, path, (elf) => this.#note(asked, (symbol) => exportsSymbol(elf, symbol)))
    return symbols.filter((symbol) => this.#known.get(symbol) !== true)
  }

  #note(asked: readonly string[], offers: (symbol: string) => unknown): void {
    for (const symbol of asked) if (offers(symbol) === true) this.#known.set(symbol, true)
  }
}
