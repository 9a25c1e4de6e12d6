import type { GemfileGems } from '../../formats/gemfile/read-gemfile-gems.ts'
import { readDependencies, type Dependency } from '../../formats/gemspec/read-dependencies.ts'
import { meetsRequirement } from '../compatibility/meets-requirement.ts'
import type { FileTree } from '../files/file-tree.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { BundleSettings } from './app-bundle.ts'
import { isForced } from './installed-bundlers.ts'
import { installedVersions } from './installed-versions.ts'
import { PassedOver } from './passed-over.ts'
import type { SpecFile } from './read-gem-folder.ts'
import { isLeftOutByGroups } from './read-left-out.ts'

/** Each round follows what the one before has chosen; real bundles take three. */
const maxRounds = 20

/** A gem that Bundler needs, whatever it chooses, and of which none that is installed serves. */
export interface LackingGem extends Dependency {
  /** The installed gem that needs it; null for the Gemfile itself. */
  readonly neededBy: SpecFile | null
}

export interface ResolvedGems {
  /** Null where the Gemfile doesn't tell, or there is more than one such choice: any gem may be loaded then. */
  readonly chosen: readonly SpecFile[] | null
  readonly lacking: readonly LackingGem[]
}

/**
 * The installed gems that Bundler would put on the load path of an app without a lock: what its Gemfile asks for with what that needs, of
 * each the newest version that serves all. All groups are resolved; what only those need that are left out is not loaded.
 */
export async function resolveGems(
  tree: FileTree,
  gemfile: GemfileGems,
  settings: Pick<BundleSettings, 'groups' | 'environmentKnown' | 'forceRubyPlatform'>,
  specs: ReadonlyMap<string, SpecFile>,
  runtime: Runtime,
): Promise<ResolvedGems> {
  const asked = [...gemfile.always, ...gemfile.sometimes].filter((name) => name !== 'bundler' && !gemfile.forOthers.has(name))
  if (!gemfile.isWhole || asked.length === 0) return { chosen: null, lacking: [] }
  const versions = await installedVersions(specs.values(), runtime)
  const passedOver = new PassedOver(tree, runtime)
  const fromSource = isForced(tree, settings, null, runtime)
  const needs = new Map<string, readonly Dependency[] | null>()
  const needsOf = ({ path }: SpecFile) => {
    const known = needs.get(path)
    if (known !== undefined) return known
    const read = readDependencies(tree.text(path) ?? '')
    needs.set(path, read)
    return read
  }

  const all = await settle()
  const isComplete = asked.every((name) => versions.has(name) || !gemfile.requirements.has(name))
  const lacking = all === null || !isComplete || (await hasUnfit(all.values())) ? await findLacking() : []
  return { chosen: all === null ? null : loaded(all), lacking }

  async function settle(): Promise<ReadonlyMap<string, SpecFile> | null> {
    let chosen: ReadonlyMap<string, SpecFile> = new Map()
    for (let round = 0; round < maxRounds; round += 1) {
      const next = await choose(chosen)
      if (next === null) return null
      const isSettled = next.size === chosen.size && [...next].every(([name, spec]) => chosen.get(name) === spec)
      if (isSettled) return (await isOnlyChoice(next)) ? next : null
      chosen = next
    }
    return null
  }

  /** All that is reached from the Gemfile, in versions that serve what the gems of the last round ask for. */
  async function choose(last: ReadonlyMap<string, SpecFile>): Promise<Map<string, SpecFile> | null> {
    const found = new Map<string, SpecFile>()
    const queue = [...asked]
    for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
      if (found.has(name) || name === 'bundler') continue
      const [spec] = await serving(name, last.values())
      const needed = spec === undefined ? null : needsOf(spec)
      // One for other platforms or conditions may be missing; of one that may not, it is told elsewhere.
      if (!versions.has(name) && gemfile.sometimes.has(name)) continue
      if (spec === undefined || needed === null) return null
      found.set(name, spec)
      queue.push(...needed.map((each) => each.name))
    }
    return found
  }

  /** Where a gem that could be another version holds a second one back from its newest, Bundler may as well take that other version. */
  async function isOnlyChoice(found: ReadonlyMap<string, SpecFile>): Promise<boolean> {
    const forced = new Set<SpecFile>()
    for (let before = -1; before < forced.size;) {
      before = forced.size
      for (const [name, spec] of found) if ((await serving(name, forced)).length === 1) forced.add(spec)
    }
    for (const [name, spec] of found) if ((await serving(name, forced))[0] !== spec) return false
    return true
  }

  /** Installed gems of a name that serve the Gemfile and these gems, the newest first; one that Bundler passes over only for want of others. */
  async function serving(name: string, gems: Iterable<SpecFile>): Promise<readonly SpecFile[]> {
    const found = await meeting(
      name,
      [...gems].flatMap((spec) => (needsOf(spec) ?? []).flatMap((need) => (need.name === name ? need.requirement : []))),
    )
    return passedOver.fitting(found)
  }

  async function meeting(name: string, asks: readonly string[]): Promise<SpecFile[]> {
    const own = gemfile.requirements.get(name) ?? []
    const builds = versions.get(name) ?? []
    const sources = fromSource ? builds.filter(({ platform }) => platform === 'ruby') : []
    const installed = sources.length === 0 ? builds : sources
    const releases = installed.filter(({ isPrerelease }) => !isPrerelease)
    // A prerelease has to be asked for by the Gemfile itself.
    const takesPrerelease = releases.length === 0 || own.some((part) => /[a-z]/i.test(part))
    const found: SpecFile[] = []
    for (const { version, spec } of takesPrerelease ? installed : releases)
      if (own.length + asks.length === 0 || (await meetsRequirement(version, [...own, ...asks])) !== false) found.push(spec)
    return found
  }

  async function hasUnfit(gems: Iterable<SpecFile>): Promise<boolean> {
    for (const spec of gems) if (await passedOver.isUnfit(spec)) return true
    return false
  }

  /** Follows what is needed as long as there is one version to choose: what lacks there lacks in every choice. */
  async function findLacking(): Promise<LackingGem[]> {
    const lacking: LackingGem[] = []
    const seen = new Set<SpecFile>()
    const queue: LackingGem[] = [...gemfile.requirements].map(([name, requirement]) => ({ name, requirement, neededBy: null }))
    for (let need = queue.pop(); need !== undefined; need = queue.pop()) {
      if (need.name === 'bundler') continue
      const found = await meeting(need.name, need.neededBy === null ? [] : need.requirement)
      const fit: SpecFile[] = []
      for (const spec of found) if (!(await passedOver.isUnfit(spec))) fit.push(spec)
      const [only] = fit
      if (only === undefined) lacking.push(need)
      else if (fit.length === 1 && !seen.has(only)) {
        seen.add(only)
        queue.push(...(needsOf(only) ?? []).map((each) => ({ ...each, neededBy: only })))
      }
    }
    return lacking
  }

  function loaded(found: ReadonlyMap<string, SpecFile>): SpecFile[] {
    const kept = new Set<SpecFile>()
    const queue = asked.filter((name) => !isLeftOutByGroups(name, gemfile, settings))
    for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
      const spec = found.get(name)
      if (spec === undefined || kept.has(spec)) continue
      kept.add(spec)
      queue.push(...(needsOf(spec) ?? []).map((each) => each.name))
    }
    return [...kept]
  }
}
