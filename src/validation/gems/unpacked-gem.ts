import { posix } from 'node:path'
import type { LockedGem } from '../../formats/gemfile-lock/gemfile-lock.ts'
import { readGemspec } from '../../formats/gemspec/read-gemspec.ts'
import type { FileTree } from '../files/file-tree.ts'
import { glob } from '../files/glob.ts'
import type { BundleSettings } from './app-bundle.ts'
import type { InstalledGem } from './installed-gem.ts'
import { toGem } from './read-gem-folder.ts'

type Place = Pick<InstalledGem, 'origin' | 'home' | 'fullName' | 'extensionsRoot'>

/**
 * A gem of the lock that is a checkout or a folder: `bundler/gems/<repository>-<12 digits of the revision>`, a path of the app, or its copy
 * in `vendor/cache`, which counts before the path; one of Git stands there as well up to Bundler 2.5 (lib/bundler/source/git.rb and path.rb).
 */
export function findUnpackedGem(
  tree: FileTree,
  { name, source, version }: LockedGem,
  settings: BundleSettings,
  folders: readonly string[],
): InstalledGem | null {
  const isFolder = (path: string) => tree.kind(path) === 'folder'
  const fromPath = (folder: string, pattern: string | null) =>
    read(tree, folder, name, version, pattern, { origin: 'path', home: folder, fullName: `${name}-${version}`, extensionsRoot: null })
  if (source.tag === 'Path') {
    const folder = posix.resolve(posix.dirname(settings.gemfilePath), source.remote)
    const cached = posix.join(settings.cachePath, posix.basename(folder))
    return fromPath([cached, folder].find(isFolder) ?? folder, source.glob)
  }
  if (source.tag !== 'Git') return null
  const override = settings.localOverride(name)
  if (override !== null) return fromPath(override, source.glob)
  const repository = posix
    .basename(source.remote.replace(/\/$/, ''))
    .replace(/\.git$/, '')
    .replace(/^.*:/, '')
  const fullName = `${repository}-${source.revision.slice(0, 12)}`
  const checkouts = [
    ...folders.map((home) => ({ home, gems: posix.join(home, 'bundler/gems') })),
    { home: settings.cachePath, gems: settings.cachePath },
  ]
  const checkout = checkouts.find(({ gems }) => isFolder(posix.join(gems, fullName)))
  if (checkout === undefined) return null
  const { home, gems } = checkout
  const place: Place = { origin: 'git', home, fullName, extensionsRoot: posix.join(gems, 'extensions') }
  return read(tree, posix.join(gems, fullName), name, version, source.glob, place)
}

function read(tree: FileTree, folder: string, name: string, version: string, pattern: string | null, place: Place): InstalledGem | null {
  if (tree.kind(folder) !== 'folder') return null
  const specPath = findGemspec(tree, folder, name, pattern)
  const gemspec = specPath === null ? null : readGemspec(tree.text(specPath) ?? '')
  // A hand-written gemspec may compute anything, and Bundler makes one up where there is none; the folder is looked through in any case.
  const stated =
    gemspec === null || 'tag' in gemspec
      ? { platform: 'ruby', requirePaths: ['lib'], extensions: [], requiredRubyVersion: null, fromStub: false }
      : gemspec
  const base = specPath === null ? folder : posix.dirname(specPath)
  const gem = toGem({ ...stated, name, version }, place.fullName, base, specPath ?? posix.join(folder, `${name}.gemspec`))
  return { ...gem, ...place, packagedFiles: null, lacks: null }
}

/** Bundler looks into the folder and those right below it (`DEFAULT_GLOB` of lib/bundler/source/path.rb), or where the lock says. */
function findGemspec(tree: FileTree, folder: string, name: string, pattern: string | null): string | null {
  const own = `${name}.gemspec`
  for (const each of pattern === null ? [own, `${name}/${own}`, `*/${own}`, '*.gemspec', `${name}/*.gemspec`] : [pattern]) {
    const found = glob(tree, folder, each).filter((path) => path.endsWith('.gemspec'))
    const first = found.find((path) => posix.basename(path) === own) ?? found[0]
    if (first !== undefined) return first
  }
  return null
}
