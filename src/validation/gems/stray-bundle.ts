import { posix } from 'node:path'
import type { FileTree } from '../files/file-tree.ts'

/** The system's own folders, in which nobody keeps a bundle. */
const ofSystem: ReadonlySet<string> = new Set(['bin', 'boot', 'dev', 'etc', 'lib', 'lib32', 'lib64', 'proc', 'run', 'sbin', 'sys', 'usr'])
const besides = ['/usr/local', '/usr/src']
/** `/srv/shop/shared/bundle`. */
const maxDepth = 4
/** A bound for roots with very many folders. */
const maxFolders = 3_000

/**
 * The folder of a bundle that nothing names: the one with the most of the wanted gems (full names), as `BUNDLE_PATH` (gems in
 * `ruby/<abi>`) or `GEM_HOME` would name it. Other apps' folders are passed over. Null when there is none.
 */
export function findStrayBundle(tree: FileTree, wanted: ReadonlySet<string>, appPath: string, abi: string): string | null {
  let best: { readonly folder: string; readonly count: number } | null = null
  let budget = maxFolders
  const tops = tree.list('/').flatMap(({ name, kind }) => (kind === 'folder' && !ofSystem.has(name) ? [`/${name}`] : []))
  let level = [...tops, ...besides]
  for (let depth = 1; depth <= maxDepth && budget > 0; depth += 1) {
    const next: string[] = []
    for (const folder of level) {
      budget -= 1
      if (budget < 0) break
      const entries = tree.list(folder)
      const names = new Set(entries.map(({ name }) => name))
      if (folder !== appPath && (names.has('Gemfile') || names.has('gems.rb'))) continue
      const homes = homesIn(tree, folder, names, abi)
      const count = Math.max(0, ...homes.map((home) => countOf(tree, home, wanted)))
      if (count > (best?.count ?? 0)) best = { folder, count }
      if (homes.length > 0) continue
      for (const { name, kind } of entries)
        if (kind === 'folder' && !name.startsWith('.') && name !== 'node_modules') next.push(posix.join(folder, name))
    }
    level = next
  }
  return best?.folder ?? null
}

/** Gem folders right below, those of other Rubies too: what is there for another one only is worth telling. */
function homesIn(tree: FileTree, folder: string, names: ReadonlySet<string>, abi: string): string[] {
  const plain = names.has('specifications') ? [folder] : []
  if (!names.has('ruby')) return plain
  const abis = tree.list(posix.join(folder, 'ruby')).filter(({ name }) => name === abi || /^\d+\.\d+\.\d+/.test(name))
  return [...plain, ...abis.map(({ name }) => posix.join(folder, 'ruby', name))]
}

function countOf(tree: FileTree, home: string, wanted: ReadonlySet<string>): number {
  return tree.list(posix.join(home, 'specifications')).filter(({ name }) => wanted.has(name.replace(/\.gemspec$/, ''))).length
}
