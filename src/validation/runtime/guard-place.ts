import { execFile } from 'node:child_process'
import { posix } from 'node:path'
import { BezelError } from '../../errors.ts'
import { DiskTree } from '../files/disk-tree.ts'
import { requireFolder } from '../files/require-folder.ts'
import { readBundleSettings } from '../gems/app-bundle.ts'
import { locateRuntime } from './locate-runtime.ts'

export type GuardScope = 'project' | 'user'

export interface GuardPlace {
  /** The gem folder whose `plugins` RubyGems loads. */
  readonly folder: string
  readonly ruby: string
}

/** A cold version manager takes half a second. */
const askTimeoutMs = 15_000
/** Ends with 0 when the hook was among what RubyGems loads before an install. */
const script = 'Gem.load_plugins; exit(defined?(BezelGuard) ? 0 : 1)'
/** Of an outer Bundler, or of a guarded command: what would load the hook all the same, or hide it. */
const withheld = /^(?:RUBYOPT|RUBYLIB|BUNDLE_\w+|BUNDLER_\w+)$/

/**
 * The app's own gem folder (`vendor/bundle/ruby/<abi>`) for a project, the user's for everything else.
 * Throws `BezelError`: `RUBY_NOT_FOUND`, `DATA_UNREADABLE` for a folder that is none, or `CONFIG_INVALID` for an app that has no gem folder of its own.
 */
export async function findGuardPlace(appPath: string, scope: GuardScope, env: NodeJS.ProcessEnv): Promise<GuardPlace> {
  const tree = new DiskTree(null)
  requireFolder(tree, appPath)
  const plain = Object.fromEntries(Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
  const { runtime } = await locateRuntime(tree, { root: null, appPath, env: plain, rubyPath: null })
  const ruby = runtime.rubyPath
  if (scope === 'user') {
    const home = plain['HOME'] ?? '/root'
    const own = runtime.gemFolders.find((folder) => folder.startsWith(`${home}/`) && folder !== plain['GEM_HOME'])
    return { folder: own ?? posix.join(home, '.local/share/gem/ruby', runtime.abi), ruby }
  }
  const { path } = readBundleSettings(tree, appPath, plain)
  if (path === null)
    throw new BezelError('CONFIG_INVALID', `${appPath} has no gem folder of its own: Bundler installs its gems with all others.`, {
      remedy: ['bezel guard install --scope user', 'bundle config set --local path vendor/bundle'],
    })
  return { folder: posix.join(path, 'ruby', runtime.abi), ruby }
}

/**
 * Whether RubyGems loads the hook: before 3.2 it knew no folder of plugins, then only that of GEM_HOME, from 3.3 on that of each gem folder
 * (lib/rubygems.rb, `load_plugins`). `gemHome`: where Bundler installs to; null: nothing but the environment says.
 */
export function loadsGuard(ruby: string, gemHome: string | null, env: NodeJS.ProcessEnv): Promise<boolean> {
  const kept = Object.fromEntries(Object.entries(env).filter(([name]) => !withheld.test(name)))
  const mine = gemHome === null ? kept : { ...kept, GEM_HOME: gemHome }
  return new Promise((resolve) => {
    execFile(ruby, ['-e', script], { env: mine, timeout: askTimeoutMs, killSignal: 'SIGKILL' }, (error) => resolve(error === null))
  })
}
