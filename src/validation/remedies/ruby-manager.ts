import { posix } from 'node:path'
import type { FileTree } from '../files/file-tree.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { PackageSystem } from './library-packages.ts'

/** What installed a Ruby, and could install another one. */
export type RubyManager =
  | { readonly tag: 'rbenv' | 'asdf' | 'mise' }
  /** The official image of Docker Hub, which builds Ruby into `/usr/local` (github.com/docker-library/ruby). */
  | { readonly tag: 'image' }
  | { readonly tag: 'packages'; readonly system: PackageSystem }
  | { readonly tag: 'unknown' }

/** Where the managers keep their Rubies, and the folder of shims that they put into PATH (their README files). */
const managed = [
  { tag: 'rbenv', versions: /\/\.?rbenv\/versions\//, shims: /\/\.?rbenv\/shims$/ },
  { tag: 'asdf', versions: /\/\.?asdf\/installs\/ruby\//, shims: /\/\.?asdf\/shims$/ },
  { tag: 'mise', versions: /\/mise\/installs\/ruby\//, shims: /\/mise\/shims$/ },
] as const

/** A manager whose shim comes first on PATH answers for a Ruby that it does not have, too. */
export function managerOf(tree: FileTree, { rubyPath }: Runtime, system: PackageSystem | null, path: readonly string[]): RubyManager {
  const first = path.find((folder) => tree.facts(posix.join(folder, 'ruby')) !== null) ?? ''
  const manager = managed.find(({ versions, shims }) => versions.test(rubyPath) || shims.test(first))
  if (manager !== undefined) return { tag: manager.tag }
  if (rubyPath.startsWith('/usr/local/bin/') && tree.facts('/usr/local/bundle')?.kind === 'folder') return { tag: 'image' }
  const packaged = system === 'homebrew' ? /\/(?:Cellar|opt)\// : /^\/usr\/bin\//
  return system !== null && packaged.test(rubyPath) ? { tag: 'packages', system } : { tag: 'unknown' }
}
