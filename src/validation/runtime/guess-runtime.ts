import { posix } from 'node:path'
import type { FileTree } from '../files/file-tree.ts'
import type { Where } from './locate-runtime.ts'
import { readRuntime } from './read-runtime.ts'
import type { Runtime } from './runtime.ts'
import { defaultGemFolders } from './usual-gem-folders.ts'

/**
 * What the interpreter of this machine will most likely say of itself, from its files alone; null where a version manager's shim
 * decides. Only a guess: what is built on it counts once Ruby has said the same.
 */
export function guessRuntime(tree: FileTree, { appPath, env, rubyPath }: Where): Runtime | null {
  const ruby =
    rubyPath === null || !rubyPath.includes('/') ? onPath(tree, rubyPath ?? 'ruby', env['PATH'] ?? '') : posix.resolve(appPath, rubyPath)
  const real = ruby === null ? null : tree.realPath(ruby)
  if (real === null || tree.text(real, 2) === '#!') return null
  const runtime = readRuntime(tree, real)
  return runtime === null ? null : { ...runtime, gemFolders: gemPath(tree, runtime, env) }
}

function onPath(tree: FileTree, name: string, path: string): string | null {
  const folders = path.split(':').filter((folder) => folder.startsWith('/'))
  return folders.map((folder) => posix.join(folder, name)).find((file) => tree.kind(file) === 'file') ?? null
}

/** `Gem.path` as RubyGems 3.2 and newer make it (lib/rubygems/path_support.rb, lib/rubygems/defaults.rb). */
function gemPath(tree: FileTree, runtime: Runtime, env: Readonly<Record<string, string>>): string[] {
  const defaults = defaultGemFolders(tree, runtime)
  const home = env['GEM_HOME'] ?? defaults[0] ?? runtime.defaultGemFolder
  const folders = env['GEM_PATH']?.split(':') ?? [...userFolder(tree, runtime, env), ...defaults]
  return [...new Set([...folders, home].map((folder) => tree.realPath(folder) ?? folder))]
}

function userFolder(tree: FileTree, { abi }: Runtime, env: Readonly<Record<string, string>>): string[] {
  const home = env['HOME']
  if (home === undefined || tree.kind(home) === null) return []
  const own = posix.join(home, '.gem')
  const top = tree.kind(own) === null ? posix.join(env['XDG_DATA_HOME'] ?? posix.join(home, '.local/share'), 'gem') : own
  return [posix.join(top, 'ruby', abi)]
}
