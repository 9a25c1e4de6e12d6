import type { FileFacts, FileTree } from '../files/file-tree.ts'

/** Every path that a look at a tree asked for, with what stood there; see `stampOf`. */
export type Footprint = ReadonlyMap<string, string>

/** Kind, size, time of change and inode of what a path leads to; `absent` when it leads nowhere. */
export function stampOf(facts: FileFacts | null): string {
  return facts === null ? 'absent' : `${facts.kind} ${facts.size} ${facts.mtimeMs} ${facts.inode}`
}

/** Whether all of it is still as it was. Opens nothing. */
export function holds(footprint: Footprint, tree: FileTree): boolean {
  for (const [path, stamp] of footprint) if (stampOf(tree.facts(path)) !== stamp) return false
  return true
}
