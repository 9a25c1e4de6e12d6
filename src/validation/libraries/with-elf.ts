import type { ElfFile } from '../../formats/elf/elf.ts'
import { readElf } from '../../formats/elf/read-elf.ts'
import type { FileTree } from '../files/file-tree.ts'

/** Opens a file for one look; null when it is no readable ELF file. */
export function withElf<T>(tree: FileTree, path: string, look: (elf: ElfFile) => T): T | null {
  const file = tree.open(path)
  if (file === null) return null
  try {
    const elf = readElf(file)
    return elf.tag === 'Elf' ? look(elf) : null
  } finally {
    file.close()
  }
}
