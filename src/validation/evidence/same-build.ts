import { readBuildId } from '../../formats/elf/notes.ts'
import type { FileTree, OpenFile } from '../files/file-tree.ts'
import { withElf } from '../libraries/with-elf.ts'

const chunkBytes = 64 * 1024
/** New room for each comparison would cost more than it does. */
const rooms = [Buffer.alloc(chunkBytes), Buffer.alloc(chunkBytes)] as const

/** How two copies of a compiled file are related. `link`: one of them was stripped or patched after the link that made both. */
export type Kinship = 'bytes' | 'link' | 'none'

/** Compares two copies by their bytes, and where these differ by the linker's build id. */
export function kinshipOf(tree: FileTree, one: string, other: string): Kinship {
  if (compareFiles(tree, one, other).areEqual) return 'bytes'
  const [left, right] = [one, other].map((path) => withElf(tree, path, readBuildId))
  return left !== undefined && left !== null && left === right ? 'link' : 'none'
}

export interface Comparison {
  /** In bytes; null for what can't be opened. */
  readonly sizes: readonly [number | null, number | null]
  /** False also for files longer than was asked for. */
  readonly areEqual: boolean
}

/** Compares two files by their bytes, unless they are longer than `maxBytes`. */
export function compareFiles(tree: FileTree, one: string, other: string, maxBytes = Infinity): Comparison {
  const [left, right] = [tree.open(one), tree.open(other)]
  try {
    const sizes = [left?.size ?? null, right?.size ?? null] as const
    if (left === null || right === null || left.size !== right.size) return { sizes, areEqual: false }
    return { sizes, areEqual: tree.realPath(one) === tree.realPath(other) || (left.size <= maxBytes && haveSameBytes(left, right)) }
  } finally {
    left?.close()
    right?.close()
  }
}

function haveSameBytes(left: OpenFile, right: OpenFile): boolean {
  for (let at = 0; at < left.size; at += chunkBytes) {
    const length = Math.min(chunkBytes, left.size - at)
    if (Buffer.compare(left.read(at, length, rooms[0]), right.read(at, length, rooms[1])) !== 0) return false
  }
  return true
}
