import { posix } from 'node:path'
import type { FileTree } from '../files/file-tree.ts'

/** What was found of a bundle that nothing names. */
export interface StrayBundle {
  /** As `BUNDLE_PATH` (gems in `ruby/<abi>`) or `GEM_HOME` would name it; null for none. */
  readonly folder: string | null
  /** Whether no other folder can be meant: none of those left out has as many of the gems. */
  readonly isOnly: boolean
}

/** Folders without bundles, some with very many folders below. */
const passedOver: ReadonlySet<string> = new Set([
  '/proc',
  '/sys',
  '/dev',
  '/boot',
  '/etc',
  '/usr/share/doc',
  '/usr/share/locale',
  '/usr/share/man',
])
const neverBelow: ReadonlySet<string> = new Set(['node_modules', '.git', '.cache', '__pycache__', 'site-packages', 'dist-packages'])
/** Twice as deep as `/var/www/vhosts/shop.example/shared/bundle`. */
const maxDepth = 12
/** Twice what a Debian with compilers has. */
const maxFolders = 20_000

/** The gem that is wanted and has this full name; null for one that nobody wants. */
export type NameOf = (fullName: string) => string | null

/** Looks through the whole tree for the folder with the most of the wanted gems, and at least so many. Those of other apps are not taken. `appPath` has no links. */
export function findStrayBundle(tree: FileTree, nameOf: NameOf, least: number, appPath: string, abi: string): StrayBundle {
  let best: { readonly folder: string; readonly count: number } | null = null
  let isOnly = true
  let budget = maxFolders
  let level = [{ folder: '/', isOthers: false }]
  for (let depth = 0; depth <= maxDepth && level.length > 0; depth += 1) {
    const next: typeof level = []
    for (const { folder, isOthers } of level) {
      budget -= 1
      if (budget < 0) return { folder: best?.folder ?? null, isOnly: false }
      const entries = tree.list(folder)
      const names = new Set(entries.map(({ name }) => name))
      const mayBeApp = folder !== appPath && !appPath.startsWith(`${folder}/`) && folder !== '/'
      const others = isOthers || (mayBeApp && (names.has('Gemfile') || names.has('gems.rb')))
      const homes = homesIn(tree, folder, names, abi)
      const count = Math.max(0, ...homes.map((home) => countOf(tree, home, nameOf)))
      if (others) isOnly &&= count < least
      else if (count >= least && count > (best?.count ?? 0)) best = { folder, count }
      if (homes.length > 0) continue
      for (const { name, kind } of entries) {
        const path = posix.join(folder, name)
        if (kind === 'folder' && !neverBelow.has(name) && !passedOver.has(path)) next.push({ folder: path, isOthers: others })
      }
    }
    level = next
  }
  return { folder: best?.folder ?? null, isOnly: isOnly || best !== null }
}

/** Gem folders right below, those of other Rubies too: what is there for another one only is worth telling. */
function homesIn(tree: FileTree, folder: string, names: ReadonlySet<string>, abi: string): string[] {
  const plain = names.has('specifications') ? [folder] : []
  if (!names.has('ruby')) return plain
  const abis = tree.list(posix.join(folder, 'ruby')).filter(({ name }) => name === abi || /^\d+\.\d+\.\d+/.test(name))
  return [...plain, ...abis.map(({ name }) => posix.join(folder, 'ruby', name))]
}

function countOf(tree: FileTree, home: string, nameOf: NameOf): number {
  const specs = tree.list(posix.join(home, 'specifications'))
  return new Set(specs.flatMap(({ name }) => nameOf(name.replace(/\.gemspec$/, '')) ?? [])).size
}
