import type { GemfileGems } from '../../formats/gemfile/read-gemfile-gems.ts'
import { readDependencies, type Dependency } from '../../formats/gemspec/read-dependencies.ts'
import { meetsRequirement } from '../compatibility/meets-requirement.ts'
import type { FileTree } from '../files/file-tree.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { installedVersions } from './installed-versions.ts'
import type { SpecFile } from './read-gem-folder.ts'

/** Each round follows what the one before has chosen; real bundles take three. */
const maxRounds = 20

/**
 * The installed gems that Bundler would put on the load path of an app without a lock: what its Gemfile asks for, in all groups, with what
 * that needs, of each the newest version that serves all. Null where the Gemfile doesn't tell, or there is more than one such choice: any gem may be
 * loaded then.
 */
export async function resolveGems(
  tree: FileTree,
  gemfile: GemfileGems,
  specs: ReadonlyMap<string, SpecFile>,
  runtime: Runtime,
): Promise<readonly SpecFile[] | null> {
  const asked = [...gemfile.always, ...gemfile.sometimes].filter((name) => name !== 'bundler')
  if (!gemfile.isWhole || asked.length === 0) return null
  const versions = await installedVersions(specs.values(), runtime)
  const needs = new Map<string, readonly Dependency[] | null>()
  const needsOf = ({ path }: SpecFile) => {
    const known = needs.get(path)
    if (known !== undefined) return known
    const read = readDependencies(tree.text(path) ?? '')
    needs.set(path, read)
    return read
  }

  let chosen: ReadonlyMap<string, SpecFile> = new Map()
  for (let round = 0; round < maxRounds; round += 1) {
    const next = await choose(chosen)
    if (next === null) return null
    const isSettled = next.size === chosen.size && [...next].every(([name, spec]) => chosen.get(name) === spec)
    if (isSettled) return (await isOnlyChoice(next)) ? [...next.values()] : null
    chosen = next
  }
  return null

  /** All that is reached from the Gemfile, in versions that serve what the gems of the last round ask for. */
  async function choose(last: ReadonlyMap<string, SpecFile>): Promise<Map<string, SpecFile> | null> {
    const found = new Map<string, SpecFile>()
    const queue = [...asked]
    for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
      if (found.has(name) || name === 'bundler') continue
      const [spec] = await serving(name, last.values())
      const needed = spec === undefined ? null : needsOf(spec)
      // A gem for other platforms or conditions may be missing.
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

  /** Installed gems of a name that serve the Gemfile and these gems, the newest first. */
  async function serving(name: string, gems: Iterable<SpecFile>): Promise<SpecFile[]> {
    const own = gemfile.resolved.get(name) ?? []
    const asks = [...gems].flatMap((spec) => (needsOf(spec) ?? []).flatMap((need) => (need.name === name ? need.requirement : [])))
    const all = versions.get(name) ?? []
    const releases = all.filter(({ isPrerelease }) => !isPrerelease)
    // A prerelease has to be asked for by the Gemfile itself.
    const takesPrerelease = releases.length === 0 || own.some((part) => /[a-z]/i.test(part))
    const found: SpecFile[] = []
    for (const { version, spec } of takesPrerelease ? all : releases)
      if (own.length + asks.length === 0 || (await meetsRequirement(version, [...own, ...asks])) === true) found.push(spec)
    return found
  }
}
