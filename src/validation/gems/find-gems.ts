import type { GemfileLock, LockedGem } from '../../formats/gemfile-lock/gemfile-lock.ts'
import type { FileTree } from '../files/file-tree.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { absentFrom } from './absent-gem.ts'
import type { BundleSettings } from './app-bundle.ts'
import type { AbsentGem, InstalledGem, UnreadableSpec } from './installed-gem.ts'
import { readAppGemfile } from './read-app-gemfile.ts'
import { readLeftOut } from './read-left-out.ts'
import { readNeeds } from './read-needs.ts'
import { splitFullName } from './full-name.ts'
import { isForced } from './installed-bundlers.ts'
import { installedVersions } from './installed-versions.ts'
import { PassedOver } from './passed-over.ts'
import { fitsPlatform, isSamePlatform } from './platform.ts'
import { readInstalledGem, type SpecFile } from './read-gem-folder.ts'
import { resolveGems, type LackingGem } from './resolve-gems.ts'
import { searchFolders } from './search-folders.ts'
import { findUnpackedGem } from './unpacked-gem.ts'
import { wantedByGemfile, wantedByLock } from './wanted-gems.ts'

/** Whose gems were looked for: the lock's, those that the Gemfile asks for with what they need, or all that are installed. */
export type Scope = 'lock' | 'gemfile' | 'installed'

export interface FoundGems {
  readonly scope: Scope
  readonly gems: readonly InstalledGem[]
  readonly absent: readonly AbsentGem[]
  /** Without a lock: what no installed version serves, as far as it is certain. */
  readonly lacking: readonly LackingGem[]
  readonly unreadable: readonly UnreadableSpec[]
  /** Gem folders that were searched, first first. */
  readonly folders: readonly string[]
  /** Whether these are all in which the bundle could be. */
  readonly isAll: boolean
  /** Versions of a gem that are installed there for this platform, whatever the lock says. */
  readonly versionsOf: (name: string) => readonly string[]
}

/** The gems that an app with this lock would load. */
export function findLockedGems(tree: FileTree, lock: GemfileLock, settings: BundleSettings, runtime: Runtime): FoundGems {
  const gemfile = readAppGemfile(tree, settings.gemfilePath)
  const { folders, specs, isAll } = searchFolders(tree, wantedByLock(lock, gemfile), settings, runtime)
  const toAbsent = absentFrom(tree, folders, specs, settings, runtime, isAll)
  const gems: InstalledGem[] = []
  const missing: LockedGem[] = []
  const unreadable: UnreadableSpec[] = []
  const isLeftOut = readLeftOut(lock, gemfile, settings)
  for (const locked of lock.gems.values()) {
    if (locked.name === 'bundler' || isLeftOut(locked.name)) continue
    const found =
      locked.source.tag === 'Registry' || locked.source.tag === 'Plugin'
        ? fromSpecs(locked)
        : findUnpackedGem(tree, locked, settings, folders)
    if (found === 'unreadable') continue
    if (found === null) missing.push(locked)
    else gems.push(found)
  }
  const needOf = missing.length === 0 ? null : readNeeds(lock, gemfile, gems)
  const absent = missing.flatMap((locked): AbsentGem[] => {
    const need = needOf?.(locked.name) ?? 'unclear'
    return need !== 'always' && isForOthers(locked) ? [] : [{ ...toAbsent(locked), need }]
  })
  return { scope: 'lock', gems, absent, lacking: [], unreadable, folders, isAll, versionsOf: (name) => versionsIn(specs, name, runtime) }

  /** The lock knows this platform, and has the gem for others only: `platforms: :jruby`, Windows. */
  function isForOthers({ variants }: LockedGem): boolean {
    const fits = (platform: string) => platform === 'ruby' || fitsPlatform(platform, runtime.platform)
    return lock.platforms.some(fits) && !variants.some(({ platform }) => fits(platform))
  }

  /** Bundler takes the most specific installed build that fits the platform, the source gem last. */
  function fromSpecs({ name, variants }: LockedGem): InstalledGem | 'unreadable' | null {
    const fitting = variants
      .filter(({ platform }) => platform === 'ruby' || (!settings.forceRubyPlatform && fitsPlatform(platform, runtime.platform)))
      .sort(
        (one, other) => Number(one.platform === 'ruby') - Number(other.platform === 'ruby') || other.platform.length - one.platform.length,
      )
    for (const { version, platform } of fitting) {
      const fullName = `${name}-${version}`
      const spec =
        platform === 'ruby' ? specs.get(fullName) : (specs.get(`${fullName}-${platform}`) ?? sameBuild(specs, fullName, platform))
      if (spec !== undefined) return read(spec, name)
    }
    // A lock of another platform, or of `ruby` alone: Bundler takes what is installed here of that version (LazySpecification in lib/bundler).
    const isOpen =
      fitting.length === 0 ||
      (lock.platforms.every((platform) => platform === 'ruby') && !isForced(tree, settings, lock.bundledWith, runtime))
    const spec = !isOpen ? undefined : installedHere(specs, name, variants[0]?.version ?? '', runtime)
    return spec === undefined ? null : read(spec, name)
  }

  function read(spec: SpecFile, name: string): InstalledGem | 'unreadable' {
    const { gem, trouble } = readInstalledGem(tree, spec, runtime, name)
    if (trouble !== null) unreadable.push(trouble)
    return gem ?? 'unreadable'
  }
}

/** What an app without a lock may load: what its Gemfile asks for, or else every gem that this Ruby would find, the newest of each name. */
export async function findUnlockedGems(tree: FileTree, settings: BundleSettings, runtime: Runtime): Promise<FoundGems> {
  const gemfile = readAppGemfile(tree, settings.gemfilePath)
  const { folders, specs, isAll } = searchFolders(tree, wantedByGemfile(gemfile), settings, runtime)
  const gems: InstalledGem[] = []
  const unreadable: UnreadableSpec[] = []
  const { chosen, lacking } = await resolveGems(tree, gemfile, settings, specs, runtime)
  for (const spec of chosen ?? (await newestOfEach(tree, specs, runtime))) {
    if (spec.isDefault) continue
    const { gem, trouble } = readInstalledGem(tree, spec, runtime, spec.fullName)
    if (trouble !== null) unreadable.push(trouble)
    if (gem !== null) gems.push(gem)
  }
  const scope = chosen === null ? 'installed' : 'gemfile'
  return { scope, gems, absent: [], lacking, unreadable, folders, isAll, versionsOf: (name) => versionsIn(specs, name, runtime) }
}

function versionsIn(specs: ReadonlyMap<string, SpecFile>, name: string, runtime: Runtime): string[] {
  return [...specs.keys()].flatMap((fullName) => {
    const split = fullName.startsWith(`${name}-`) ? splitFullName(fullName) : null
    return split?.name === name && (split.platform === 'ruby' || fitsPlatform(split.platform, runtime.platform)) ? [split.version] : []
  })
}

/** Ruby's own come with it, whatever the app loads. */
async function newestOfEach(tree: FileTree, specs: ReadonlyMap<string, SpecFile>, runtime: Runtime): Promise<SpecFile[]> {
  const versions = await installedVersions(
    [...specs.values()].filter(({ isDefault }) => !isDefault),
    runtime,
  )
  const passedOver = new PassedOver(tree, runtime)
  const newest: SpecFile[] = []
  for (const installed of versions.values()) newest.push(...(await passedOver.fitting(installed.map(({ spec }) => spec))).slice(0, 1))
  return newest
}

/** The build that bears another name of its platform. */
function sameBuild(specs: ReadonlyMap<string, SpecFile>, fullName: string, platform: string): SpecFile | undefined {
  const other = [...specs.keys()].find(
    (each) => each.startsWith(`${fullName}-`) && isSamePlatform(each.slice(fullName.length + 1), platform),
  )
  return other === undefined ? undefined : specs.get(other)
}

function installedHere(specs: ReadonlyMap<string, SpecFile>, name: string, version: string, runtime: Runtime): SpecFile | undefined {
  const fullName = `${name}-${version}`
  const builds = [...specs.keys()].filter(
    (each) => each.startsWith(`${fullName}-`) && fitsPlatform(each.slice(fullName.length + 1), runtime.platform),
  )
  return specs.get(builds[0] ?? fullName)
}
