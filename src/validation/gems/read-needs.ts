import type { GemfileGems } from '../../formats/gemfile/read-gemfile-gems.ts'
import type { GemfileLock } from '../../formats/gemfile-lock/gemfile-lock.ts'
import type { InstalledGem, Need } from './installed-gem.ts'

/** Who wants a gem of the lock: follows its needs from what the Gemfile names, through the builds that are installed. */
export function readNeeds(lock: GemfileLock, gemfile: GemfileGems, installed: readonly InstalledGem[]): (name: string) => Need {
  const platforms = new Map(installed.map(({ name, platform }) => [name, platform]))
  const reached = (from: Iterable<string>): ReadonlySet<string> => {
    const seen = new Set<string>()
    const queue = [...from]
    for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
      const gem = lock.gems.get(name)
      if (gem === undefined || seen.has(name)) continue
      seen.add(name)
      queue.push(...(gem.variants.find(({ platform }) => platform === platforms.get(gem.name))?.dependencies ?? gem.dependencies))
    }
    return seen
  }
  const always = reached(gemfile.always)
  const sometimes = reached(gemfile.sometimes)
  // Named by a local gemspec, an evaluated file or a computed line.
  const unclear = reached([...lock.dependencies.keys()].filter((name) => !gemfile.always.has(name) && !gemfile.sometimes.has(name)))
  return (name) => {
    if (always.has(name)) return 'always'
    if (unclear.has(name) || gemfile.always.size === 0) return 'unclear'
    // Nobody's need: of a build that is not the one installed.
    return sometimes.has(name) || lock.dependencies.size > 0 ? 'sometimes' : 'unclear'
  }
}
