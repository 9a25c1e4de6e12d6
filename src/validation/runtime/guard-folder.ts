import { posix } from 'node:path'
import { BezelError } from '../../errors.ts'
import { DiskTree } from '../files/disk-tree.ts'
import { requireFolder } from '../files/require-folder.ts'
import { readBundleSettings } from '../gems/app-bundle.ts'
import { locateRuntime } from './locate-runtime.ts'

/**
 * The gem folder whose `plugins` RubyGems loads: the app's own (`vendor/bundle/ruby/<abi>`) for a project, the user's for everything else.
 * Throws `BezelError`: `RUBY_NOT_FOUND`, `DATA_UNREADABLE` for a folder that is none, or `CONFIG_INVALID` for an app that has no gem folder of its own.
 */
export async function findGuardFolder(appPath: string, scope: 'project' | 'user', env: NodeJS.ProcessEnv): Promise<string> {
  const tree = new DiskTree(null)
  requireFolder(tree, appPath)
  const plain = Object.fromEntries(Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
  const { runtime } = await locateRuntime(tree, { root: null, appPath, env: plain, rubyPath: null })
  if (scope === 'user') {
    const home = plain['HOME'] ?? '/root'
    const own = runtime.gemFolders.find((folder) => folder.startsWith(`${home}/`) && folder !== plain['GEM_HOME'])
    return own ?? posix.join(home, '.local/share/gem/ruby', runtime.abi)
  }
  const { path } = readBundleSettings(tree, appPath, plain)
  if (path === null)
    throw new BezelError('CONFIG_INVALID', `${appPath} has no gem folder of its own: Bundler installs its gems with all others.`, {
      remedy: ['bezel guard install --scope user', 'bundle config set --local path vendor/bundle'],
    })
  return posix.join(path, 'ruby', runtime.abi)
}
