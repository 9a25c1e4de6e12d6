import { readBuildId } from '../../formats/elf/notes.ts'
import type { FileTree } from '../files/file-tree.ts'
import { withElf } from '../libraries/with-elf.ts'

const chunkBytes = 64 * 1024
/** New room for each comparison would cost more than it does. */
const rooms = [Buffer.alloc(chunkBytes), Buffer.alloc(chunkBytes)] as const

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

/** Whether two files of one size hold the same. */
export function sameBytes(tree: FileTree, one: string, other: string, size: number): boolean {
  if (tree.realPath(one) === tree.realPath(other)) return true
  const [left, right] = [tree.open(one), tree.open(other)]
  try {
    if (left === null || right === null) return false
    for (let at = 0; at < size; at += chunkBytes) {
      const length = Math.min(chunkBytes, size - at)
      if (Buffer.compare(left.read(at, length, rooms[0]), right.read(at, length, rooms[1])) !== 0) return false
    }
    return true
  } finally {
    left?.close()
    right?.close()
  }
}
