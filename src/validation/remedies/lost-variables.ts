import { posix } from 'node:path'
import type { FileTree } from '../files/file-tree.ts'
import { dockerBundle, readBundleSettings } from '../gems/app-bundle.ts'
import type { InstalledGem } from '../gems/installed-gem.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { quoted } from './command-line.ts'
import type { LostVariables } from './place.ts'

/** What leads Bundler in a root to the configuration and the gems that were judged. Docker's own variables are set only while its images run. */
export function lostVariables(tree: FileTree, appPath: string, gems: Iterable<InstalledGem>, runtime: Runtime): LostVariables {
  const { configFolder, gemfilePath, likelyPaths } = readBundleSettings(tree, appPath, {})
  const isHidden = configFolder !== posix.join(posix.dirname(gemfilePath), '.bundle')
  return {
    config: isHidden ? `BUNDLE_APP_CONFIG=${quoted(configFolder)}` : null,
    gems: likelyPaths.length === 0 ? null : homeVariable(gems, runtime),
  }
}

function homeVariable(gems: Iterable<InstalledGem>, runtime: Runtime): string | null {
  const homes = [...gems].filter(({ origin }) => origin === 'gem' || origin === 'git').map(({ home }) => home)
  const [most] = [...Map.groupBy(homes, (home) => home)].toSorted(([, one], [, other]) => other.length - one.length)
  const home = most?.[0]
  if (home === undefined || (home !== dockerBundle && runtime.gemFolders.includes(home))) return null
  const below = `/ruby/${runtime.abi}`
  return home.endsWith(below) ? `BUNDLE_PATH=${quoted(home.slice(0, -below.length))}` : `GEM_HOME=${quoted(home)}`
}
