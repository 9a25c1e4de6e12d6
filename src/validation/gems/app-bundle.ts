import { posix } from 'node:path'
import { readBundlerConfig } from '../../formats/bundler-config/read-bundler-config.ts'
import type { FileTree } from '../files/file-tree.ts'

/** What Bundler's settings say about where the app's gems are. */
export interface BundleSettings {
  /** `Gemfile.lock` (or `gems.locked`) beside the Gemfile, whether or not it exists. */
  readonly lockPath: string
  readonly gemfilePath: string
  /** Folder that holds `ruby/<abi>/`; null: the Ruby's own gem folders. */
  readonly path: string | null
  /** Where else the bundle may be, as `path`: nothing names a folder, and what the environment would say is not known. */
  readonly likelyPaths: readonly string[]
  /** False in a root: whatever the environment would add is not known. */
  readonly environmentKnown: boolean
  /** Where `bundle cache` keeps what the app needs: checkouts of Git sources and folders among it. */
  readonly cachePath: string
  /** The folder that stands for a Git source (`bundle config local.NAME`), by name of the gem; null where none does. */
  readonly localOverride: (name: string) => string | null
  /** Groups left out at install: gems of the lock may rightly be absent. */
  readonly without: boolean
  /** Whether what no group narrows may be left out as well: Bundler's setting `only`, or `without default`. */
  readonly defaultMayBeLeftOut: boolean
  /** `bundle install --standalone` was used: the app starts without Bundler, and from a folder that no setting names. */
  readonly standalone: boolean
  readonly forceRubyPlatform: boolean
  readonly deployment: boolean
  /** The lock may not change: Bundler refuses what it would otherwise add. */
  readonly frozen: boolean
}

/** `GEM_HOME` and `BUNDLE_APP_CONFIG` of the official Docker images, and `BUNDLE_PATH` of what Rails generates. */
const dockerBundle = '/usr/local/bundle'
/** Deployment mode, and `bundle install --standalone`. */
const inApp = ['vendor/bundle', 'bundle', '.bundle', 'vendor']
const inImages = [dockerBundle, '/bundle', '/gems', '/vendor/bundle', '/opt/bundle', '/var/bundle', '/usr/src/bundle']

/**
 * Settings as Bundler weighs them: the app's `.bundle/config`, then the environment, then the user's
 * (lib/bundler/settings.rb; `BUNDLE_APP_CONFIG` moves the first, `BUNDLE_USER_CONFIG` and `BUNDLE_USER_HOME` the last).
 */
export function readBundleSettings(tree: FileTree, appPath: string, env: Readonly<Record<string, string>>): BundleSettings {
  const known = env['PATH'] !== undefined
  const home = env['HOME'] ?? '/root'
  const dockerConfig = !known && tree.facts(posix.join(dockerBundle, 'config')) !== null ? dockerBundle : undefined
  const appConfig = env['BUNDLE_APP_CONFIG'] ?? dockerConfig
  const readConfig = (path: string) => readBundlerConfig(tree.text(path) ?? '')
  const configOf = (folder: string) => readConfig(posix.resolve(folder, appConfig ?? '.bundle', 'config'))
  const gemfilePath =
    env['BUNDLE_GEMFILE'] ??
    configOf(appPath).get('BUNDLE_GEMFILE') ??
    firstExisting(tree, [posix.join(appPath, 'Gemfile'), posix.join(appPath, 'gems.rb')])
  const base = posix.dirname(posix.resolve(appPath, gemfilePath))
  const files = [
    configOf(base),
    readConfig(env['BUNDLE_USER_CONFIG'] ?? posix.join(env['BUNDLE_USER_HOME'] ?? posix.join(home, '.bundle'), 'config')),
  ]
  const levels: readonly { get(key: string): string | undefined }[] = [
    files[0] ?? new Map(),
    { get: (key) => env[key] },
    files[1] ?? new Map(),
  ]
  const value = (key: string) => levels.map((level) => level.get(key)).find((found) => found !== undefined)
  const isOn = (key: string) => ['true', '1', 't', 'yes'].includes(value(key) ?? '')
  const deployment = isOn('BUNDLE_DEPLOYMENT')

  const decisive = levels.find((level) =>
    ['BUNDLE_PATH', 'BUNDLE_PATH__SYSTEM', 'BUNDLE_DISABLE_SHARED_GEMS'].some((key) => level.get(key) !== undefined),
  )
  const system = decisive?.get('BUNDLE_PATH__SYSTEM') === 'true'
  const asked = system ? undefined : (decisive?.get('BUNDLE_PATH') ?? (deployment ? 'vendor/bundle' : undefined))
  return {
    lockPath: gemfilePath.endsWith('gems.rb') ? posix.join(base, 'gems.locked') : `${posix.resolve(appPath, gemfilePath)}.lock`,
    gemfilePath: posix.resolve(appPath, gemfilePath),
    path: asked === undefined ? null : posix.resolve(base, asked.replace(/^~(?=\/)/, home)),
    environmentKnown: known,
    likelyPaths: known || decisive !== undefined ? [] : [...inApp.map((folder) => posix.join(base, folder)), ...inImages],
    cachePath: posix.resolve(base, value('BUNDLE_CACHE_PATH') ?? 'vendor/cache'),
    localOverride: (name) => {
      const folder = value(`BUNDLE_LOCAL__${name.replaceAll('-', '___').replaceAll('.', '__').toUpperCase()}`)
      return folder === undefined ? null : posix.resolve(base, folder.replace(/^~(?=\/)/, home))
    },
    without: ['BUNDLE_WITHOUT', 'BUNDLE_ONLY'].some((key) => (value(key) ?? '') !== ''),
    defaultMayBeLeftOut: (value('BUNDLE_ONLY') ?? '') !== '' || /(?:^|[: ])default(?:$|[: ])/.test(value('BUNDLE_WITHOUT') ?? ''),
    standalone: tree.facts(posix.join(base, 'bundle/bundler/setup.rb')) !== null,
    forceRubyPlatform: isOn('BUNDLE_FORCE_RUBY_PLATFORM'),
    deployment,
    frozen: value('BUNDLE_FROZEN') === undefined ? deployment : isOn('BUNDLE_FROZEN'),
  }
}

function firstExisting(tree: FileTree, paths: readonly [string, ...string[]]): string {
  return paths.find((path) => tree.facts(path) !== null) ?? paths[0]
}
