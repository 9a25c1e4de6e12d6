import type { GemfileGems } from '../../formats/gemfile/read-gemfile-gems.ts'
import type { GemfileLock, LockedGem } from '../../formats/gemfile-lock/gemfile-lock.ts'
import type { InstalledGem, Need } from './installed-gem.ts'

/** Who wants a gem of the lock: follows its needs from what the Gemfile names, through the builds that are installed. */
export function readNeeds(lock: GemfileLock, gemfile: GemfileGems, installed: readonly InstalledGem[]): (name: string) => Need {
  const platforms = new Map(installed.map(({ name, platform }) => [name, platform]))
  const installedNeeds = ({ name, variants }: LockedGem) =>
    variants.find(({ platform }) => platform === platforms.get(name))?.dependencies ?? null
  const possibleNeeds = (gem: LockedGem) => installedNeeds(gem) ?? gem.dependencies
  // Of a gem that is not there, or of a build that the lock doesn't name: what every build in the lock needs.
  const certainNeeds = (gem: LockedGem) =>
    installedNeeds(gem) ??
    (platforms.has(gem.name)
      ? []
      : gem.dependencies.filter((need) => gem.variants.every(({ dependencies }) => dependencies.includes(need))))
  const reached = (from: Iterable<string>, needsOf: (gem: LockedGem) => readonly string[]): ReadonlySet<string> => {
    const seen = new Set<string>()
    const queue = [...from]
    for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
      const gem = lock.gems.get(name)
      if (gem === undefined || seen.has(name)) continue
      seen.add(name)
      queue.push(...needsOf(gem))
    }
    return seen
  }
  const always = reached(gemfile.always, certainNeeds)
  const sometimes = reached(gemfile.sometimes, possibleNeeds)
  // Named by a local gemspec, an evaluated file or a computed line, or needed by a build that may be the one.
  const unclear = reached([...always, ...[...lock.dependencies.keys()].filter((name) => !gemfile.sometimes.has(name))], possibleNeeds)
  return (name) => {
    if (always.has(name)) return 'always'
    if (unclear.has(name) || gemfile.always.size === 0) return 'unclear'
    // Nobody's need: of a build that is not the one installed.
    return sometimes.has(name) || lock.dependencies.size > 0 ? 'sometimes' : 'unclear'
  }
}
