import { posix } from 'node:path'
import type { FileTree, FileTrouble } from './file-tree.ts'

/** Why a path that should be a readable file is none, to follow "it is"; null when nothing is there at all. */
export function whyNoFile(tree: FileTree, path: string): string | null {
  tree.open(path)?.close()
  const trouble = toldOf(tree, path)
  if (trouble !== null) return trouble
  const kind = tree.kind(path)
  if (kind === null) return isListed(tree, path) ? 'a link that leads nowhere' : null
  if (kind === 'folder') return 'a folder'
  return kind === 'other' ? 'a pipe, socket or device' : 'a file that can not be opened'
}

/** The path, or the folder above it, that this user's permissions close; null when none does. */
export function deniedAt(tree: FileTree, path: string): string | null {
  return troubleAt(tree, path, ({ errno }) => errno === 'EACCES' || errno === 'EPERM')?.path ?? null
}

function troubleAt(tree: FileTree, path: string, isMeant: (trouble: FileTrouble) => boolean = () => true): FileTrouble | undefined {
  return tree.troubles().find((each) => (path === each.path || path.startsWith(`${each.path}/`)) && isMeant(each))
}

/** What the system said when the path, or a folder above it, was asked for. */
export function toldOf(tree: FileTree, path: string): string | null {
  const errno = troubleAt(tree, path)?.errno
  switch (errno) {
    case undefined:
      return null
    case 'EACCES':
    case 'EPERM':
      return 'not readable for this user'
    case 'ELOOP':
      return 'a link in a loop'
    default:
      return `not readable (${errno})`
  }
}

function isListed(tree: FileTree, path: string): boolean {
  return tree.list(posix.dirname(path)).some(({ name }) => name === posix.basename(path))
}
