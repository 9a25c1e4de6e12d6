import { posix } from 'node:path'
import type { FileTree } from '../files/file-tree.ts'
import { BundlerLevels } from './bundler-levels.ts'

/** What Bundler's settings say about where the app's gems are. */
export interface BundleSettings {
  /** `Gemfile.lock` (or `gems.locked`) beside the Gemfile, whether or not it exists. */
  readonly lockPath: string
  readonly gemfilePath: string
  /** The folder of the app's own `config`. */
  readonly configFolder: string
  /** Folder that holds `ruby/<abi>/`; null: the Ruby's own gem folders. */
  readonly path: string | null
  /** Where else the bundle may be, as `path`: nothing of the app names a folder, and what the environment would say is not known. */
  readonly likelyPaths: readonly string[]
  /** False in a root: whatever the environment would add is not known. */
  readonly environmentKnown: boolean
  /** Where `bundle cache` keeps what the app needs: checkouts of Git sources and folders among it. */
  readonly cachePath: string
  /** The folder that stands for a Git source (`bundle config local.NAME`), by name of the gem; null where none does. */
  readonly localOverride: (name: string) => string | null
  /** Groups left out at install: gems of the lock may rightly be absent. */
  readonly without: boolean
  /** The groups that Bundler's settings name: left out, taken although they are optional, taken alone. */
  readonly groups: Readonly<Record<'without' | 'with' | 'only', ReadonlySet<string>>>
  /** `bundle install --standalone` was used: the app starts without Bundler, and from a folder that no setting names. */
  readonly standalone: boolean
  readonly forceRubyPlatform: boolean
  readonly deployment: boolean
  /** The lock may not change: Bundler refuses what it would otherwise add. */
  readonly frozen: boolean
}

/** `GEM_HOME` and `BUNDLE_APP_CONFIG` of the official Docker images, and `BUNDLE_PATH` of what Rails generates. */
export const dockerBundle = '/usr/local/bundle'
/** Deployment mode, and `bundle install --standalone`. */
const inApp = ['vendor/bundle', 'bundle', '.bundle', 'vendor']
const inImages = [dockerBundle, '/bundle', '/gems', '/vendor/bundle', '/opt/bundle', '/var/bundle', '/usr/src/bundle']

/** What Bundler would go by in this app. `BUNDLE_APP_CONFIG` moves the folder of the app's own configuration. */
export function readBundleSettings(tree: FileTree, appPath: string, env: Readonly<Record<string, string>>): BundleSettings {
  const known = env['PATH'] !== undefined
  const home = env['HOME'] ?? '/root'
  const configFolder = env['BUNDLE_APP_CONFIG'] ?? (!known && hasImageConfig(tree, appPath) ? dockerBundle : '.bundle')
  const levelsOf = (folder: string) => new BundlerLevels(tree, posix.resolve(folder, configFolder), env)
  // An empty variable counts as not set.
  const gemfilePath = posix.resolve(
    appPath,
    env['BUNDLE_GEMFILE'] || levelsOf(appPath).value('BUNDLE_GEMFILE') || firstExisting(tree, appPath, ['gems.rb', 'Gemfile']),
  )
  const base = posix.dirname(gemfilePath)
  const levels = levelsOf(base)
  const deployment = levels.isOn('BUNDLE_DEPLOYMENT')
  const asked = levels.path()
  const groups = (key: string) => new Set((levels.value(key) ?? '').split(/[: ]/).filter((name) => name !== ''))
  return {
    lockPath: posix.basename(gemfilePath) === 'gems.rb' ? posix.join(base, 'gems.locked') : `${gemfilePath}.lock`,
    gemfilePath,
    configFolder: posix.resolve(base, configFolder),
    path: asked === undefined || asked.folder === null ? null : posix.resolve(base, asked.folder.replace(/^~(?=\/)/, home)),
    environmentKnown: known,
    likelyPaths: known || asked?.isUsers === false ? [] : [...inApp.map((folder) => posix.join(base, folder)), ...inImages],
    cachePath: posix.resolve(base, levels.value('BUNDLE_CACHE_PATH') ?? 'vendor/cache'),
    localOverride: (name) => {
      const folder = levels.value(`BUNDLE_LOCAL__${name.replaceAll('-', '___').replaceAll('.', '__').toUpperCase()}`)
      return folder === undefined ? null : posix.resolve(base, folder.replace(/^~(?=\/)/, home))
    },
    without: ['BUNDLE_WITHOUT', 'BUNDLE_ONLY'].some((key) => (levels.value(key) ?? '') !== ''),
    groups: { without: groups('BUNDLE_WITHOUT'), with: groups('BUNDLE_WITH'), only: groups('BUNDLE_ONLY') },
    standalone: tree.kind(posix.join(base, 'bundle/bundler/setup.rb')) !== null,
    forceRubyPlatform: levels.isOn('BUNDLE_FORCE_RUBY_PLATFORM'),
    deployment,
    frozen: levels.value('BUNDLE_FROZEN') === undefined ? deployment : levels.isOn('BUNDLE_FROZEN'),
  }
}

/**
 * Whether the official image's `BUNDLE_APP_CONFIG` surely hid the app's own configuration: it has one there, or its gems are there while the
 * folder that the app's own names (copied in from where it was developed) holds none.
 */
function hasImageConfig(tree: FileTree, appPath: string): boolean {
  if (tree.kind(posix.join(dockerBundle, 'config')) !== null) return true
  const own = new BundlerLevels(tree, posix.join(appPath, '.bundle'), {}).path()?.folder
  const holdsGems = (folder: string) => ['ruby', 'specifications'].some((name) => tree.kind(posix.join(folder, name)) === 'folder')
  return own !== undefined && own !== null && !holdsGems(posix.resolve(appPath, own)) && holdsGems(dockerBundle)
}

/** The last when there is none of them. */
function firstExisting(tree: FileTree, folder: string, names: readonly [string, string]): string {
  return names.find((name) => tree.kind(posix.join(folder, name)) !== null) ?? names[1]
}
