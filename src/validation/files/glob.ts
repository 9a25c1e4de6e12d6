import { posix } from 'node:path'
import type { FileTree } from './file-tree.ts'

/** So deep does `**` reach; a loop of links ends here as well. */
const maxDepth = 6
/** More paths than any pattern of the field stands for. */
const maxPaths = 10_000
const maxAlternatives = 100

/** Paths that a pattern below a folder stands for: `*` and `?` within a name, `**` for folders at any depth, `{a,b}` (glob(7), Ruby's Dir.glob). */
export function glob(tree: FileTree, folder: string, pattern: string): string[] {
  return alternatives(pattern).flatMap((plain) =>
    plain
      .split('/')
      .filter((name) => name !== '' && name !== '.')
      .reduce((paths, name) => paths.flatMap((path) => step(tree, path, name)).slice(0, maxPaths), [folder])
      .filter((path) => tree.kind(path) !== null),
  )
}

function step(tree: FileTree, folder: string, name: string): string[] {
  if (name === '**') return foldersBelow(tree, folder, maxDepth)
  if (!/[*?]/.test(name)) return [posix.join(folder, name)]
  return tree.list(folder).flatMap((entry) => (fits(entry.name, name) ? [posix.join(folder, entry.name)] : []))
}

/** No regular expression: one of many stars would try all ways to share a name out among them. */
function fits(name: string, pattern: string): boolean {
  if (name.startsWith('.')) return false
  let [at, in_] = [0, 0]
  /** The last star, and where in the name what stands behind it is tried. */
  let [star, tried] = [-1, 0]
  while (at < name.length) {
    if (pattern[in_] === '?' || (pattern[in_] !== '*' && pattern[in_] === name[at])) [at, in_] = [at + 1, in_ + 1]
    else if (pattern[in_] === '*') [star, tried, in_] = [in_, at, in_ + 1]
    else if (star === -1) return false
    else [tried, at, in_] = [tried + 1, tried + 1, star + 1]
  }
  return /^\**$/.test(pattern.slice(in_))
}

function foldersBelow(tree: FileTree, folder: string, depth: number): string[] {
  if (depth === 0) return [folder]
  const below = tree.list(folder).filter(({ name, kind }) => kind === 'folder' && !name.startsWith('.'))
  return [folder, ...below.flatMap(({ name }) => foldersBelow(tree, posix.join(folder, name), depth - 1))]
}

/** `{,*,a/b}.gemspec` as the patterns without braces that it stands for: the first of them, where they are many. */
function alternatives(pattern: string): string[] {
  const done: string[] = []
  const queue = [pattern]
  for (let next = queue.shift(); next !== undefined && done.length < maxAlternatives; next = queue.shift()) {
    const [, before, inside, after] = /^(.*?)\{([^{}]*)\}(.*)$/.exec(next) ?? []
    if (before === undefined || inside === undefined || after === undefined) done.push(next)
    else
      queue.unshift(
        ...inside
          .split(',')
          .slice(0, maxAlternatives)
          .map((each) => before + each + after),
      )
  }
  return done
}
