import { posix } from 'node:path'
import type { GemfileLock } from '../../formats/gemfile-lock/gemfile-lock.ts'
import type { FileTree } from '../files/file-tree.ts'
import type { BundleSettings } from '../gems/app-bundle.ts'
import { installedBundlers } from '../gems/installed-bundlers.ts'
import type { Observation } from '../observation.ts'
import type { Runtime } from '../runtime/runtime.ts'

/** Rubies from here on come with RubyGems 3.3, which starts any Bundler. */
const lenientMinor = '3.1'

/** Whether RubyGems would start a Bundler for this lock: older ones take none of another major version than the lock's own. */
export function checkBundler(tree: FileTree, { bundledWith }: GemfileLock, { lockPath }: BundleSettings, runtime: Runtime): Observation[] {
  if (bundledWith === null || runtime.minor.localeCompare(lenientMinor, 'en', { numeric: true }) >= 0) return []
  const installed = installedBundlers(tree, runtime)
  if (installed.length === 0 || installed.some((version) => majorOf(version) === majorOf(bundledWith))) return []
  const finder = versionFinder(tree, runtime)
  if (finder === null || tree.text(finder)?.includes('missing_version_message') !== true) return []
  return [
    {
      code: 'BUNDLER_ABSENT',
      gem: null,
      evidence: [
        { what: `BUNDLED WITH ${bundledWith}; installed is ${installed.join(', ')}`, where: lockPath },
        { what: 'takes no Bundler of another major version', where: finder },
      ],
      explanation: `Gemfile.lock was written by Bundler ${bundledWith}, and the RubyGems of Ruby ${runtime.version} refuses to start another one than that for it.`,
      mend: { tag: 'Bundler', path: lockPath },
    },
  ]
}

/** Of the RubyGems that is loaded: one that was installed later, the distribution's, Ruby's own. */
function versionFinder(tree: FileTree, { abi, defaultGemFolder }: Runtime): string | null {
  const library = posix.resolve(defaultGemFolder, '../..')
  const folders = [`site_ruby/${abi}`, 'site_ruby', `vendor_ruby/${abi}`, 'vendor_ruby', abi]
  const files = folders.map((folder) => posix.join(library, folder, 'rubygems/bundler_version_finder.rb'))
  return files.find((file) => tree.kind(file) !== null) ?? null
}

function majorOf(version: string): string {
  return version.split('.')[0] ?? ''
}
