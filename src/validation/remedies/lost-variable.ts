import type { FileTree } from '../files/file-tree.ts'
import { dockerBundle, readBundleSettings } from '../gems/app-bundle.ts'
import type { InstalledGem } from '../gems/installed-gem.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { quoted } from './command-line.ts'

/**
 * In a root whose environment is lost, the assignment that leads Bundler to the app's gems; null where a setting leads it there, or Ruby
 * itself. Docker's own (`GEM_HOME=/usr/local/bundle`) is set in its images only as long as they are run.
 */
export function lostVariable(tree: FileTree, appPath: string, gems: Iterable<InstalledGem>, runtime: Runtime): string | null {
  if (readBundleSettings(tree, appPath, {}).likelyPaths.length === 0) return null
  const homes = [...gems].filter(({ origin }) => origin === 'gem' || origin === 'git').map(({ home }) => home)
  const [most] = [...Map.groupBy(homes, (home) => home)].toSorted(([, one], [, other]) => other.length - one.length)
  const home = most?.[0]
  if (home === undefined || (home !== dockerBundle && runtime.gemFolders.includes(home))) return null
  const below = `/ruby/${runtime.abi}`
  return home.endsWith(below) ? `BUNDLE_PATH=${quoted(home.slice(0, -below.length))}` : `GEM_HOME=${quoted(home)}`
}
