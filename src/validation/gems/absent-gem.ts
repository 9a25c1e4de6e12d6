import { posix } from 'node:path'
import type { LockedGem, LockedVariant } from '../../formats/gemfile-lock/gemfile-lock.ts'
import { isCritical } from '../compatibility/critical-gems.ts'
import type { FileTree } from '../files/file-tree.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { BundleSettings } from './app-bundle.ts'
import type { AbsentGem } from './installed-gem.ts'
import { splitFullName } from './full-name.ts'
import { fitsPlatform } from './platform.ts'
import type { SpecFile } from './read-gem-folder.ts'

/** Tells of gems that are in none of the folders where they are in part, or for which other Rubies. */
export function absentFrom(
  tree: FileTree,
  folders: readonly string[],
  specs: ReadonlyMap<string, SpecFile>,
  settings: BundleSettings,
  runtime: Runtime,
  /** Whether the folders are all in which a bundle could be. */
  isAll: boolean,
): (gem: LockedGem) => Omit<AbsentGem, 'need'> {
  let others: readonly { readonly abi: string; readonly home: string }[] | null = null
  let foreign: ReadonlyMap<string, AbsentGem['foreign']> | null = null
  const isForHere = ({ platform }: LockedVariant) => platform === 'ruby' || fitsPlatform(platform, runtime.platform)
  return ({ name, version, variants, source }) => {
    foreign ??= foreignBuilds(specs, runtime)
    others ??= otherAbis(tree, settings.path === null ? folders : [posix.join(settings.path, 'ruby', runtime.abi)], runtime)
    const fullNames = variants.map(({ platform }) => `${name}-${version}${platform === 'ruby' ? '' : `-${platform}`}`)
    const own = folders.flatMap((home) => fullNames.map((fullName) => posix.join(home, 'gems', fullName)))
    return {
      name,
      version,
      elsewhere: others.filter(({ home }) =>
        fullNames.some((fullName) => tree.kind(posix.join(home, 'specifications', `${fullName}.gemspec`)) !== null),
      ),
      foreign: foreign.get(`${name}-${version}`) ?? null,
      remains: own.find((folder) => !specs.has(posix.basename(folder)) && tree.kind(folder) === 'folder') ?? null,
      mustBeInstalled: isAll && (source.tag === 'Registry' ? variants.some(isForHere) : source.tag !== 'Plugin'),
      sourceFolder: source.tag === 'Path' ? posix.resolve(posix.dirname(settings.gemfilePath), source.remote) : null,
      native: isCritical(name) || variants.some(({ platform }) => platform !== 'ruby' && platform !== 'java'),
    }
  }
}

/** Precompiled builds by name and version: what an absent gem has among them is for another platform. */
function foreignBuilds(specs: ReadonlyMap<string, SpecFile>, runtime: Runtime): ReadonlyMap<string, AbsentGem['foreign']> {
  return new Map(
    [...specs.values()].flatMap(({ fullName, path }) => {
      const split = splitFullName(fullName)
      if (split === null || split.platform === 'ruby' || fitsPlatform(split.platform, runtime.platform)) return []
      return [[`${split.name}-${split.version}`, { platform: split.platform, specPath: path }] as const]
    }),
  )
}

/** Gem folders of other Rubies beside those of this one. */
function otherAbis(tree: FileTree, folders: readonly string[], runtime: Runtime): { abi: string; home: string }[] {
  return [...new Set(folders.map((folder) => posix.dirname(folder)))].flatMap((root) =>
    tree
      .list(root)
      .filter(({ name: abi }) => /^\d+\.\d+\.\d+$/.test(abi) && abi !== runtime.abi)
      .map(({ name: abi }) => ({ abi, home: posix.join(root, abi) })),
  )
}
