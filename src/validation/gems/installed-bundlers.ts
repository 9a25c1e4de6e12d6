import type { FileTree } from '../files/file-tree.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { BundleSettings } from './app-bundle.ts'
import { listSpecs } from './read-gem-folder.ts'

/** Versions of Bundler that this Ruby finds, newest first. */
export function installedBundlers(tree: FileTree, { gemFolders, defaultGemFolder }: Runtime): string[] {
  const specs = [...gemFolders.flatMap((folder) => listSpecs(tree, folder)), ...listSpecs(tree, defaultGemFolder, true)]
  const versions = specs.flatMap(({ fullName }) => /^bundler-(\d[^-]*)$/.exec(fullName)?.[1] ?? [])
  return [...new Set(versions)].sort((one, other) => other.localeCompare(one, 'en', { numeric: true }))
}

/** The one that starts: the lock's own where it is there, else the newest; the lock's word where none is found. */
export function bundlerInForce(tree: FileTree, bundledWith: string | null, runtime: Runtime): string | null {
  const installed = installedBundlers(tree, runtime)
  return bundledWith !== null && installed.includes(bundledWith) ? bundledWith : (installed[0] ?? bundledWith)
}

/** The first that obeys `force_ruby_platform` where the lock names `ruby` alone; Debian 11 has 2.2.5. */
export const obeysForce = '2.2.10'

/** Whether source gems are taken because `force_ruby_platform` says so: older Bundlers install and load the precompiled gem all the same. */
export function isForced(
  tree: FileTree,
  { forceRubyPlatform }: Pick<BundleSettings, 'forceRubyPlatform'>,
  bundledWith: string | null,
  runtime: Runtime,
): boolean {
  if (!forceRubyPlatform) return false
  const bundler = bundlerInForce(tree, bundledWith, runtime)
  return bundler === null || !isBefore(bundler, obeysForce)
}

export function isBefore(version: string, other: string): boolean {
  return version.localeCompare(other, 'en', { numeric: true }) < 0
}
