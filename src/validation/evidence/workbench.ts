import type { FileTree } from '../files/file-tree.ts'
import type { ElfShelf, Library } from '../libraries/elf-shelf.ts'
import type { Loader } from '../libraries/loader.ts'
import type { Runtime } from '../runtime/runtime.ts'

/** What every check of an extension may look at. */
export interface Workbench {
  readonly tree: FileTree
  readonly runtime: Runtime
  readonly shelf: ElfShelf
  /** The interpreter and its loader; null when it is no readable ELF file (macOS). */
  readonly linked: { readonly ruby: Library; readonly loader: Loader } | null
  /** Whether any extension of the app offers a symbol: some are built upon others. */
  someExtensionOffers(symbol: string): boolean
}
