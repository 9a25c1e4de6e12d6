import type { GemfileLock } from '../../formats/gemfile-lock/gemfile-lock.ts'
import { readGemfileLock } from '../../formats/gemfile-lock/read-gemfile-lock.ts'
import { whyNoFile } from '../files/describe-entry.ts'
import type { FileTree } from '../files/file-tree.ts'

export type AppLock =
  | GemfileLock
  /** Bundler would go on without it: it counts only what can be read and holds something. */
  | { readonly tag: 'Absent'; readonly why: string }
  | { readonly tag: 'Unreadable'; readonly why: string }

/** The app's lock; Bundler refuses to start with one that it can't read. */
export function readLock(tree: FileTree, path: string): AppLock {
  const kind = tree.kind(path)
  const text = kind === 'file' ? tree.text(path) : null
  if (text === null) {
    const why = whyNoFile(tree, path)
    if (why === null) return { tag: 'Absent', why: 'does not exist' }
    return kind === null && why.startsWith('a link') ? { tag: 'Absent', why: `is ${why}` } : { tag: 'Unreadable', why: `it is ${why}` }
  }
  if (text.trim() === '') return { tag: 'Absent', why: 'is empty' }
  const read = readGemfileLock(text)
  return read.tag === 'Lock' ? read : { tag: 'Unreadable', why: `line ${read.line}: ${read.why}` }
}
