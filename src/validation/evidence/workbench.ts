import type { FileTree } from '../files/file-tree.ts'
import type { ElfShelf, Library } from '../libraries/elf-shelf.ts'
import type { ExtensionExports } from '../libraries/extension-exports.ts'
import type { Loader } from '../libraries/loader.ts'
import type { Runtime } from '../runtime/runtime.ts'

/** What every check of an extension may look at. */
export interface Workbench {
  readonly tree: FileTree
  readonly runtime: Runtime
  readonly shelf: ElfShelf
  /** The interpreter and its loader; null when it is no readable ELF file (macOS). */
  readonly linked: { readonly ruby: Library; readonly loader: Loader } | null
  readonly extensions: ExtensionExports
}
