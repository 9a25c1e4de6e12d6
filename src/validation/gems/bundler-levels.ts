import { posix } from 'node:path'
import { readBundlerConfig } from '../../formats/bundler-config/read-bundler-config.ts'
import type { FileTree } from '../files/file-tree.ts'

type Environment = Readonly<Record<string, string>>

/** Where one value of Bundler's may stand. */
interface Level {
  get(key: string): string | undefined
}

export interface AskedPath {
  /** As written; null: Ruby's own folders. */
  readonly folder: string | null
  /** Only the user's file says so: the environment would overrule it. */
  readonly isUsers: boolean
}

/** Bundler's settings as it weighs them (lib/bundler/settings.rb): the app's file, then the environment, then the user's file. */
export class BundlerLevels {
  readonly #levels: readonly Level[]

  /** `appFolder` is the folder of the app's own `config`. */
  constructor(tree: FileTree, appFolder: string, env: Environment) {
    const isRead = env['BUNDLE_IGNORE_CONFIG'] === undefined
    const readConfig = (path: string) => readBundlerConfig((isRead ? tree.text(path) : null) ?? '')
    this.#levels = [readConfig(posix.join(appFolder, 'config')), { get: (key) => env[key] }, readConfig(userConfig(env))]
  }

  value(key: string): string | undefined {
    return this.#levels.map((level) => level.get(key)).find((found) => found !== undefined)
  }

  isOn(key: string): boolean {
    return isTrue(this.value(key))
  }

  /** What the first level that says anything about it says of the folder of the gems. Deployment mode names a folder, too. */
  path(): AskedPath | undefined {
    for (const level of this.#levels) {
      const [system, shared] = [level.get('BUNDLE_PATH__SYSTEM'), level.get('BUNDLE_DISABLE_SHARED_GEMS')]
      const path = level.get('BUNDLE_PATH') ?? (isTrue(level.get('BUNDLE_DEPLOYMENT')) ? 'vendor/bundle' : undefined)
      if (path === undefined && system === undefined && shared === undefined) continue
      const usesSystem = isTrue(system) || (shared !== undefined && !isTrue(shared))
      const folder = usesSystem || path === undefined || path === 'false' ? null : path
      return { folder, isUsers: level === this.#levels.at(-1) }
    }
    return undefined
  }
}

/** `BUNDLE_CONFIG` is its old name; empty ones count as not set. */
function userConfig(env: Environment): string {
  const named = env['BUNDLE_CONFIG'] || env['BUNDLE_USER_CONFIG']
  if (named) return named
  return posix.join(env['BUNDLE_USER_HOME'] || posix.join(env['HOME'] || '/root', '.bundle'), 'config')
}

function isTrue(value: string | undefined): boolean {
  return value !== undefined && !/^(?:false|f|no|n|0)?$/i.test(value)
}
