import { posix } from 'node:path'
import { toByteSource } from '../../src/formats/elf/byte-source.ts'
import type { FileTree } from '../../src/validation/files/file-tree.ts'

/** Files by absolute path; their folders come of themselves, links there are none. */
export type MemoryFiles = ReadonlyMap<string, string | Buffer>

/** A file system that is no more than what a test puts into it. */
export function memoryTree(files: MemoryFiles): FileTree {
  const folders = new Map<string, Set<string>>([['/', new Set()]])
  for (const path of files.keys())
    for (let child = path; child !== '/'; child = posix.dirname(child)) {
      const names = folders.get(posix.dirname(child)) ?? new Set()
      folders.set(posix.dirname(child), names.add(posix.basename(child)))
    }
  const bytesOf = (path: string) => {
    const content = files.get(path)
    return content === undefined ? null : Buffer.from(content)
  }
  const kindOf = (path: string) => (files.has(path) ? 'file' : folders.has(path) ? 'folder' : null)
  return {
    realPath: (path) => (kindOf(path) === null ? null : path),
    kind: kindOf,
    facts: (path) => {
      const kind = kindOf(path)
      return kind === null ? null : { kind, size: bytesOf(path)?.length ?? 0, mtimeMs: 0, inode: 1 }
    },
    list: (path) =>
      [...(folders.get(path) ?? [])].sort().map((name) => ({ name, kind: kindOf(posix.join(path, name)) ?? ('other' as const) })),
    names: (path) => [...(folders.get(path) ?? [])],
    text: (path, maxBytes) => bytesOf(path)?.toString('utf8', 0, maxBytes) ?? null,
    open: (path) => {
      const bytes = bytesOf(path)
      return bytes === null ? null : { ...toByteSource(bytes), close: () => {} }
    },
    shown: (path) => path,
    troubles: () => [],
  }
}
