import { posix } from 'node:path'
import { BezelError } from '../../errors.ts'
import { toldOf } from './describe-entry.ts'
import type { FileTree } from './file-tree.ts'

/** Throws `BezelError` `DATA_UNREADABLE` when the app's folder is none, or may not be read. */
export function requireFolder(tree: FileTree, path: string): void {
  const kind = tree.kind(path)
  // Asked for by name: a folder that may not be entered tells so, and nothing is read.
  if (kind === 'folder') tree.kind(posix.join(path, 'Gemfile'))
  const trouble = toldOf(tree, posix.join(path, 'Gemfile'))
  const shown = tree.shown(path)
  if (trouble !== null) throw new BezelError('DATA_UNREADABLE', `${shown} is ${trouble}; wanted is the app's folder.`)
  if (kind === null) throw new BezelError('DATA_UNREADABLE', `There is no folder ${shown}; it should hold the app.`)
  if (kind !== 'folder')
    throw new BezelError(
      'DATA_UNREADABLE',
      `${shown} is ${kind === 'file' ? 'a file' : 'a pipe, socket or device'}; wanted is the app's folder.`,
    )
}
