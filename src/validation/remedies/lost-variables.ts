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
  const installed = [...gems].filter(({ origin }) => origin === 'gem' || origin === 'git')
  const homes = installed.map(({ home }) => home).filter((home) => !isFoundByItself(home, runtime))
  return {
    config: isHidden ? `BUNDLE_APP_CONFIG=${quoted(configFolder)}` : null,
    gems: likelyPaths.length === 0 ? null : homeVariable(homes, runtime),
    homes: [...new Set(homes)],
  }
}

function homeVariable(homes: readonly string[], runtime: Runtime): string | null {
  const [most] = [...Map.groupBy(homes, (home) => home)].toSorted(([, one], [, other]) => other.length - one.length)
  const home = most?.[0]
  if (home === undefined) return null
  const below = `/ruby/${runtime.abi}`
  return home.endsWith(below) ? `BUNDLE_PATH=${quoted(home.slice(0, -below.length))}` : `GEM_HOME=${quoted(home)}`
}

/** Whether root's Ruby looks into a gem folder of its own accord: not into the image's, nor into other users'. */
function isFoundByItself(home: string, { gemFolders }: Runtime): boolean {
  return gemFolders.includes(home) && home !== dockerBundle && !home.startsWith('/home/')
}
