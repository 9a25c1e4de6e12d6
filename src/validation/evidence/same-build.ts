import { readElf } from '../../formats/elf/read-elf.ts'
import { readBuildId } from '../../formats/elf/notes.ts'
import type { ElfFile } from '../../formats/elf/elf.ts'
import type { FileTree } from '../files/file-tree.ts'

const chunkBytes = 256 * 1024

/** How two copies of a compiled file are related. `link`: one of them was stripped or patched after the link that made both. */
export type Kinship = 'bytes' | 'link' | 'none'

/** Compares two copies by their bytes, and where these differ by the linker's build id. */
export function kinshipOf(tree: FileTree, one: string, other: string): Kinship {
  const [first, second] = [tree.facts(one), tree.facts(other)]
  if (first === null || second === null) return 'none'
  if (first.size === second.size && sameBytes(tree, one, other, first.size)) return 'bytes'
  const [left, right] = [one, other].map((path) => withElf(tree, path, readBuildId))
  return left !== undefined && left !== null && left === right ? 'link' : 'none'
}

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

function sameBytes(tree: FileTree, one: string, other: string, size: number): boolean {
  if (tree.realPath(one) === tree.realPath(other)) return true
  const [left, right] = [tree.open(one), tree.open(other)]
  try {
    if (left === null || right === null) return false
    for (let at = 0; at < size; at += chunkBytes) {
      const length = Math.min(chunkBytes, size - at)
      if (!Buffer.from(left.read(at, length)).equals(right.read(at, length))) return false
    }
    return true
  } finally {
    left?.close()
    right?.close()
  }
}
