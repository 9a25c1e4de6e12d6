import { posix } from 'node:path'
import type { FileTree } from '../files/file-tree.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { PackageSystem } from './library-packages.ts'

/** What installed a Ruby, and could install another one. */
export type RubyManager =
  | { readonly tag: 'rbenv' | 'mise' | 'rvm' }
  /** From 0.16 on a program that chooses by `asdf set`; before, scripts that know only `asdf local` (asdf's "Upgrading to 0.16.0"). */
  | { readonly tag: 'asdf'; readonly chooses: 'set' | 'local' }
  /** `rubies`: the folder of the Rubies among which chruby chooses, and into which ruby-install puts them. */
  | { readonly tag: 'chruby'; readonly rubies: string }
  /** The official image of Docker Hub, which builds Ruby into `/usr/local` (github.com/docker-library/ruby). */
  | { readonly tag: 'image' }
  | { readonly tag: 'packages'; readonly system: PackageSystem }
  | { readonly tag: 'unknown' }

/** Where the managers keep their Rubies, and the folder of shims that they put into PATH (their README files). */
const managed = [
  { tag: 'rbenv', versions: /^.*\/\.?rbenv\/(?=versions\/)/, shims: /^.*\/\.?rbenv\/(?=shims$)/ },
  { tag: 'asdf', versions: /^.*\/\.?asdf\/(?=installs\/ruby\/)/, shims: /^.*\/\.?asdf\/(?=shims$)/ },
  { tag: 'mise', versions: /^.*\/mise\/(?=installs\/ruby\/)/, shims: /^.*\/mise\/(?=shims$)/ },
  { tag: 'rvm', versions: /^.*\/\.?rvm\/(?=rubies\/)/, shims: null },
  { tag: 'chruby', versions: /^.*\/(?:\.rubies|opt\/rubies)\//, shims: null },
] as const

/** A manager whose shim, or whose Ruby's own folder, comes first on PATH answers for a Ruby that it does not have, too. */
export function managerOf(tree: FileTree, { rubyPath }: Runtime, system: PackageSystem | null, path: readonly string[]): RubyManager {
  const first = path.find((folder) => tree.kind(posix.join(folder, 'ruby')) !== null) ?? ''
  for (const { tag, versions, shims } of managed) {
    const home = (versions.exec(rubyPath) ?? versions.exec(`${first}/`) ?? shims?.exec(first))?.[0]
    if (home === undefined) continue
    if (tag === 'asdf') return { tag, chooses: isOldAsdf(tree, home, path) ? 'local' : 'set' }
    return tag === 'chruby' ? { tag, rubies: posix.resolve(home) } : { tag }
  }
  if (rubyPath.startsWith('/usr/local/bin/') && tree.kind('/usr/local/bundle') === 'folder') return { tag: 'image' }
  const packaged = system === 'homebrew' ? /\/(?:Cellar|opt)\// : /^\/usr\/bin\//
  return system !== null && packaged.test(rubyPath) ? { tag: 'packages', system } : { tag: 'unknown' }
}

/** By the `asdf` that the shell would find, which is a script before 0.16; where none is on PATH, by the scripts beside the Rubies. */
function isOldAsdf(tree: FileTree, home: string, path: readonly string[]): boolean {
  const program = path.map((folder) => posix.join(folder, 'asdf')).find((each) => tree.kind(each) !== null)
  if (program !== undefined) return tree.text(program, 2) === '#!'
  return tree.kind(posix.join(home, 'lib/commands/command-local.bash')) !== null
}
