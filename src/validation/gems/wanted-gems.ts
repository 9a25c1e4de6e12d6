import type { GemfileGems } from '../../formats/gemfile/read-gemfile-gems.ts'
import type { GemfileLock } from '../../formats/gemfile-lock/gemfile-lock.ts'
import { splitFullName } from './full-name.ts'
import { readNeeds } from './read-needs.ts'
import type { NameOf } from './stray-bundle.ts'

/** The gems of a registry that an app's bundle should hold. */
export interface WantedGems {
  readonly names: ReadonlySet<string>
  /** Those that the app needs whatever the groups. */
  readonly needed: ReadonlySet<string>
  readonly nameOf: NameOf
}

export function wantedByLock(lock: GemfileLock, gemfile: GemfileGems): WantedGems {
  const needOf = readNeeds(lock, gemfile, [])
  const registered = [...lock.gems.values()].filter(({ source }) => source.tag === 'Registry')
  const byFullName = new Map<string, string>(
    registered.flatMap(({ name, variants }) =>
      variants.map(({ version, platform }) => [`${name}-${version}${platform === 'ruby' ? '' : `-${platform}`}`, name] as const),
    ),
  )
  return {
    names: new Set(registered.map(({ name }) => name)),
    needed: new Set(registered.flatMap(({ name }) => (needOf(name) === 'always' ? [name] : []))),
    nameOf: (fullName) => byFullName.get(fullName) ?? null,
  }
}

/** Without a lock any version serves. */
export function wantedByGemfile({ always, requirements }: GemfileGems): WantedGems {
  const names = new Set([...always].filter((name) => name !== 'bundler' && requirements.has(name)))
  return {
    names,
    needed: names,
    nameOf: (fullName) => {
      const name = splitFullName(fullName)?.name
      return name !== undefined && names.has(name) ? name : null
    },
  }
}
