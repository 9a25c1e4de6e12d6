import { posix } from 'node:path'
import type { FileTree } from './file-tree.ts'

/** So deep does `**` reach; a loop of links ends here as well. */
const maxDepth = 6
/** More paths than any pattern of the field stands for. */
const maxPaths = 10_000

/** Paths that a pattern below a folder stands for: `*` and `?` within a name, `**` for folders at any depth, `{a,b}` (glob(7), Ruby's Dir.glob). */
export function glob(tree: FileTree, folder: string, pattern: string): string[] {
  return alternatives(pattern).flatMap((plain) =>
    plain
      .split('/')
      .filter((name) => name !== '' && name !== '.')
      .reduce((paths, name) => paths.flatMap((path) => step(tree, path, name)).slice(0, maxPaths), [folder])
      .filter((path) => tree.facts(path) !== null),
  )
}

function step(tree: FileTree, folder: string, name: string): string[] {
  if (name === '**') return foldersBelow(tree, folder, maxDepth)
  if (!/[*?]/.test(name)) return [posix.join(folder, name)]
  const source = name
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  const expression = new RegExp(`^(?!\\.)${source}$`)
  return tree.list(folder).flatMap((entry) => (expression.test(entry.name) ? [posix.join(folder, entry.name)] : []))
}

function foldersBelow(tree: FileTree, folder: string, depth: number): string[] {
  if (depth === 0) return [folder]
  const below = tree.list(folder).filter(({ name, kind }) => kind === 'folder' && !name.startsWith('.'))
  return [folder, ...below.flatMap(({ name }) => foldersBelow(tree, posix.join(folder, name), depth - 1))]
}

/** `{,*,a/b}.gemspec` as the patterns without braces that it stands for. */
function alternatives(pattern: string): string[] {
  const [, before, inside, after] = /^(.*?)\{([^{}]*)\}(.*)$/.exec(pattern) ?? []
  if (before === undefined || inside === undefined || after === undefined) return [pattern]
  return inside.split(',').flatMap((each) => alternatives(before + each + after))
}
