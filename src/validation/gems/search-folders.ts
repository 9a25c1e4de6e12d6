import { posix } from 'node:path'
import type { GemfileGems } from '../../formats/gemfile/read-gemfile-gems.ts'
import type { GemfileLock, LockedGem } from '../../formats/gemfile-lock/gemfile-lock.ts'
import type { FileTree } from '../files/file-tree.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { BundleSettings } from './app-bundle.ts'
import { listSpecs, type SpecFile } from './read-gem-folder.ts'
import { readNeeds } from './read-needs.ts'
import { findStrayBundle } from './stray-bundle.ts'

type Specs = ReadonlyMap<string, SpecFile>

export interface SearchedFolders {
  /** First first. */
  readonly folders: readonly string[]
  readonly specs: Specs
  /** Whether the folders are all in which the bundle could be. */
  readonly isAll: boolean
}

/** Folders in which Bundler (or, without `settings.path`, RubyGems) looks for gems of this Ruby. */
export function gemFolders(tree: FileTree, settings: BundleSettings, runtime: Runtime): string[] {
  return [...new Set(placesOf(tree, settings, runtime).flat())]
}

/**
 * Where the lost environment of an image may have named any folder for the bundle, the one with the most of the needed gems comes first, be
 * it nowhere near the app: a gem of that version elsewhere is not the one that is loaded.
 */
export function searchFolders(
  tree: FileTree,
  lock: GemfileLock,
  gemfile: GemfileGems,
  settings: BundleSettings,
  runtime: Runtime,
): SearchedFolders {
  const places = placesOf(tree, settings, runtime)
  const nearby = [...new Set(places.flat())]
  const specs = indexSpecs(tree, nearby, runtime)
  if (settings.likelyPaths.length === 0) return { folders: nearby, specs, isAll: true }
  const registered = [...lock.gems.values()].filter(({ source }) => source.tag === 'Registry')
  const wanted = registered.map(fullNamesOf)
  const lacking = wanted.filter((names) => !names.some((name) => isShipped(specs.get(name), runtime)))
  const half = lacking.length / 2
  const isNearby = lacking.filter((names) => names.some((name) => specs.has(name))).length >= half
  const appPath = posix.dirname(settings.gemfilePath)
  const stray =
    isNearby || lacking.length === 0
      ? null
      : findStrayBundle(tree, new Set(lacking.flat()), half, tree.realPath(appPath) ?? appPath, runtime.abi)
  if (stray !== null && stray.folder !== null) places.push(within(tree, stray.folder, runtime))
  const needOf = readNeeds(lock, gemfile, [])
  const needed = registered.filter(({ name }) => needOf(name) === 'always').map(fullNamesOf)
  const folders = fullestFirst(tree, places, needed.length === 0 ? wanted : needed)
  return { folders, specs: indexSpecs(tree, folders, runtime), isAll: stray === null ? wanted.length > 0 : stray.isOnly }
}

/** Folders that belong together, the likeliest first. */
function placesOf(tree: FileTree, { path, likelyPaths }: BundleSettings, runtime: Runtime): string[][] {
  const own = path === null ? [] : [[...within(tree, path, runtime), runtime.defaultGemFolder]]
  const rubys = path === null || likelyPaths.length > 0 ? [[...runtime.gemFolders]] : []
  return [...own, ...rubys, ...likelyPaths.map((likely) => within(tree, likely, runtime))]
}

/** Docker's BUNDLE_PATH=/usr/local/bundle holds gems directly when it is GEM_HOME as well. */
function within(tree: FileTree, path: string, runtime: Runtime): string[] {
  const plain = tree.facts(posix.join(path, 'specifications'))?.kind === 'folder' ? [path] : []
  return [posix.join(path, 'ruby', runtime.abi), ...plain]
}

function fullestFirst(tree: FileTree, places: readonly string[][], wanted: readonly string[][]): string[] {
  const counts = places.map((place) => {
    const names = new Set(place.flatMap((folder) => listSpecs(tree, folder).map(({ fullName }) => fullName)))
    return wanted.filter((each) => each.some((name) => names.has(name))).length
  })
  const fullest = places[counts.indexOf(Math.max(0, ...counts))] ?? []
  return [...new Set([...fullest, ...places.flat()])]
}

/** Whether a gem came with Ruby or in a package of a distribution: it says nothing of where Bundler installs. */
function isShipped(spec: SpecFile | undefined, { defaultGemFolder }: Runtime): boolean {
  if (spec === undefined) return false
  return spec.isDefault || spec.home === defaultGemFolder || spec.home === '/usr/share/gems' || spec.home.includes('/rubygems-integration/')
}

function fullNamesOf({ name, variants }: LockedGem): string[] {
  return variants.map(({ version, platform }) => (platform === 'ruby' ? `${name}-${version}` : `${name}-${version}-${platform}`))
}

/** Specifications by full name, of the first folder that holds one; what came with Ruby last. */
export function indexSpecs(tree: FileTree, folders: readonly string[], runtime: Runtime): Specs {
  const specs = new Map<string, SpecFile>()
  const add = (spec: SpecFile) => {
    if (!specs.has(spec.fullName)) specs.set(spec.fullName, spec)
  }
  for (const folder of folders) listSpecs(tree, folder).forEach(add)
  listSpecs(tree, runtime.defaultGemFolder, true).forEach(add)
  return specs
}
