import type { GemfileGems } from '../../formats/gemfile/read-gemfile-gems.ts'
import type { GemfileLock, LockedGem } from '../../formats/gemfile-lock/gemfile-lock.ts'
import { meetsRequirement } from '../compatibility/meets-requirement.ts'
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
import { installedVersions, type InstalledVersion } from './installed-versions.ts'
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
  /** Other versions of gems with native code, where the Gemfile doesn't tell which it asks for: the newest are among `gems`. */
  readonly others: readonly InstalledGem[]
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
  const versionsOf = (name: string) => versionsIn(specs, name, runtime)
  return { scope: 'lock', gems, absent, lacking: [], unreadable, others: [], folders, isAll, versionsOf }

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
  const { newest, others } =
    chosen === null
      ? await possibleVersions(tree, gemfile, specs, runtime)
      : { newest: chosen.filter(({ isDefault }) => !isDefault), others: [] }
  for (const spec of newest) {
    const { gem, trouble } = readInstalledGem(tree, spec, runtime, spec.fullName)
    if (trouble !== null) unreadable.push(trouble)
    if (gem !== null) gems.push(gem)
  }
  return {
    scope: chosen === null ? 'installed' : 'gemfile',
    gems,
    absent: [],
    lacking,
    unreadable,
    others: others.flatMap((spec) => readInstalledGem(tree, spec, runtime, spec.fullName).gem ?? []).filter(isNative),
    folders,
    isAll,
    versionsOf: (name) => versionsIn(specs, name, runtime),
  }
}

function isNative({ declaresExtensions, platform }: InstalledGem): boolean {
  return declaresExtensions || platform !== 'ruby'
}

function versionsIn(specs: ReadonlyMap<string, SpecFile>, name: string, runtime: Runtime): string[] {
  return [...specs.keys()].flatMap((fullName) => {
    const split = fullName.startsWith(`${name}-`) ? splitFullName(fullName) : null
    return split?.name === name && (split.platform === 'ruby' || fitsPlatform(split.platform, runtime.platform)) ? [split.version] : []
  })
}

/**
 * Of each installed gem the newest version that serves the plain lines of the Gemfile, and the others that do: a line that computes may ask
 * for one of those; without a Gemfile nobody does. Ruby's own come with it, whatever the app loads.
 */
async function possibleVersions(
  tree: FileTree,
  { requirements, always, sometimes, isWhole }: GemfileGems,
  specs: ReadonlyMap<string, SpecFile>,
  runtime: Runtime,
): Promise<{ newest: SpecFile[]; others: SpecFile[] }> {
  const versions = await installedVersions(
    [...specs.values()].filter(({ isDefault }) => !isDefault),
    runtime,
  )
  const passedOver = new PassedOver(tree, runtime)
  const [newest, others]: [SpecFile[], SpecFile[]] = [[], []]
  for (const [name, installed] of versions) {
    const serving: InstalledVersion[] = []
    for (const each of installed) if ((await meetsRequirement(each.version, requirements.get(name) ?? [])) !== false) serving.push(each)
    const [first, ...rest] = await passedOver.fitting((serving.length === 0 ? installed : serving).map(({ spec }) => spec))
    if (first !== undefined) newest.push(first)
    if (!isWhole || always.has(name) || sometimes.has(name)) others.push(...rest)
  }
  return { newest, others }
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
