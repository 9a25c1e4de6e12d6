import { posix } from 'node:path'
import { configuredFolders } from '../libraries/loader-folders.ts'
import { withElf } from '../libraries/with-elf.ts'
import { machineName } from './machine-name.ts'
import { whyUnusable } from './why-unusable.ts'
import type { Workbench } from './workbench.ts'

/** What is left of a library that the loader does not find. */
export type LostLibrary =
  /** Whole, and under a name that the loader does not look for: `ldconfig` was not run, or its link is gone. */
  | { readonly tag: 'Unlinked'; readonly path: string }
  /** It bears the name, and can't be used. */
  | { readonly tag: 'Damaged'; readonly path: string; readonly why: string }

/** Looks for a library that a file needs and the loader does not find; null when nothing of it is there. */
export function findLostLibrary(bench: Workbench, name: string): LostLibrary | null {
  const { tree, linked } = bench
  if (linked === null || name.includes('/')) return null
  const { loader } = linked
  if (loader.libc === 'glibc') {
    const folders = new Set([...loader.folders(), ...configuredFolders(tree).map((folder) => tree.realPath(folder) ?? folder)])
    for (const folder of folders)
      for (const entry of tree.list(folder)) {
        const path = posix.join(folder, entry.name)
        if (!`${entry.name}.`.startsWith(`${name}.`) || tree.kind(path) !== 'file') continue
        if (withElf(tree, path, (elf) => elf.soname === name && loader.fits(elf)) === true) return { tag: 'Unlinked', path }
      }
  }
  for (const path of loader.places(name)) {
    // Folders of another processor's libraries, as Debian's /usr/lib/i386-linux-gnu, are none of its business.
    const why = whyUnusable(tree, path, (elf) => (loader.fits(elf) || !holdsRubysOwn(path, linked) ? null : `for ${machineName(elf)}`))
    if (why !== null) return { tag: 'Damaged', path, why }
  }
  return null
}

function holdsRubysOwn(path: string, { ruby, loader }: NonNullable<Workbench['linked']>): boolean {
  return loader.closure(ruby).libraries.some((library) => posix.dirname(library.path) === posix.dirname(path))
}
