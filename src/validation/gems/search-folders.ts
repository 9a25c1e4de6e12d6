import { posix } from 'node:path'
import type { FileTree } from '../files/file-tree.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { BundleSettings } from './app-bundle.ts'
import { listSpecs, type SpecFile } from './read-gem-folder.ts'
import { findStrayBundle } from './stray-bundle.ts'
import type { WantedGems } from './wanted-gems.ts'

type Specs = ReadonlyMap<string, SpecFile>

export interface SearchedFolders {
  /** First first. */
  readonly folders: readonly string[]
  readonly specs: Specs
  /** Whether the folders are all in which the bundle could be. */
  readonly isAll: boolean
}

/**
 * Where the lost environment of an image may have named any folder for the bundle, the one with the most of the needed gems comes first, be
 * it nowhere near the app: a gem of that version elsewhere is not the one that is loaded.
 */
export function searchFolders(
  tree: FileTree,
  { names, needed, nameOf }: WantedGems,
  settings: BundleSettings,
  runtime: Runtime,
): SearchedFolders {
  const places = placesOf(tree, settings, runtime)
  const nearby = [...new Set(places.flat())]
  const specs = indexSpecs(tree, nearby, runtime)
  if (settings.likelyPaths.length === 0) return { folders: nearby, specs, isAll: true }
  const among = (found: readonly SpecFile[]) => new Set(found.flatMap(({ fullName }) => nameOf(fullName) ?? []))
  const found = [...specs.values()]
  const shipped = among(found.filter((spec) => isShipped(spec, runtime)))
  const lacking = new Set([...names].filter((name) => !shipped.has(name)))
  const half = lacking.size / 2
  const isNearby = [...among(found)].filter((name) => lacking.has(name)).length >= half
  const nameOfLacking = (fullName: string) => {
    const name = nameOf(fullName)
    return name !== null && lacking.has(name) ? name : null
  }
  const appPath = posix.dirname(settings.gemfilePath)
  const stray =
    isNearby || lacking.size === 0 ? null : findStrayBundle(tree, nameOfLacking, half, tree.realPath(appPath) ?? appPath, runtime.abi)
  if (stray !== null && stray.folder !== null) places.push(within(tree, stray.folder, runtime))
  const first = needed.size === 0 ? names : needed
  const folders = fullestFirst(places, (folder) => [...among(listSpecs(tree, folder))].filter((name) => first.has(name)))
  return { folders, specs: indexSpecs(tree, folders, runtime), isAll: stray === null ? names.size > 0 : stray.isOnly }
}

/** Folders that belong together, the likeliest first. */
function placesOf(tree: FileTree, { path, likelyPaths }: BundleSettings, runtime: Runtime): string[][] {
  // Bundler empties GEM_PATH: of Ruby's own folder only the default gems are found, not those bundled with it (`configure_gem_path` of lib/bundler.rb).
  const own = path === null ? [] : [within(tree, path, runtime)]
  const rubys = path === null || likelyPaths.length > 0 ? [[...runtime.gemFolders]] : []
  return [...own, ...rubys, ...likelyPaths.map((likely) => within(tree, likely, runtime))]
}

/** Docker's BUNDLE_PATH=/usr/local/bundle holds gems directly when it is GEM_HOME as well. */
function within(tree: FileTree, path: string, runtime: Runtime): string[] {
  const plain = tree.kind(posix.join(path, 'specifications')) === 'folder' ? [path] : []
  return [posix.join(path, 'ruby', runtime.abi), ...plain]
}

function fullestFirst(places: readonly string[][], gemsIn: (folder: string) => readonly string[]): string[] {
  const counts = places.map((place) => new Set(place.flatMap(gemsIn)).size)
  const fullest = places[counts.indexOf(Math.max(0, ...counts))] ?? []
  return [...new Set([...fullest, ...places.flat()])]
}

/** Whether a gem came with Ruby or in a package of a distribution: it says nothing of where Bundler installs. */
function isShipped(spec: SpecFile, { defaultGemFolder }: Runtime): boolean {
  return spec.isDefault || spec.home === defaultGemFolder || spec.home === '/usr/share/gems' || spec.home.includes('/rubygems-integration/')
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
