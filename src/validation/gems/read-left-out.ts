import type { GemfileGems } from '../../formats/gemfile/read-gemfile-gems.ts'
import type { GemfileLock } from '../../formats/gemfile-lock/gemfile-lock.ts'
import type { BundleSettings } from './app-bundle.ts'

type Settings = Pick<BundleSettings, 'groups' | 'environmentKnown'>

/**
 * Which gems of the lock the app never loads, installed or not: those of groups that are left out, and that no other gem needs
 * (`requested_groups` of lib/bundler/definition.rb). A gem that the Gemfile's plain lines don't name is not among them.
 */
export function readLeftOut(lock: GemfileLock, gemfile: GemfileGems, settings: Settings): (name: string) => boolean {
  const wanted = [...lock.dependencies.keys()].filter((name) => !isLeftOutByGroups(name, gemfile, settings))
  if (wanted.length === lock.dependencies.size) return () => false
  const kept = new Set<string>()
  for (let name = wanted.pop(); name !== undefined; name = wanted.pop()) {
    if (kept.has(name)) continue
    kept.add(name)
    wanted.push(...(lock.gems.get(name)?.dependencies ?? []))
  }
  return (name) => !kept.has(name)
}

/** Whether all groups of a gem that the Gemfile names are left out. */
export function isLeftOutByGroups(name: string, gemfile: GemfileGems, { groups, environmentKnown }: Settings): boolean {
  const isOut = (group: string) => {
    if (groups.only.size > 0 && !groups.only.has(group)) return true
    // In a root, the environment that is lost may have asked for an optional group.
    const isOptional = environmentKnown && gemfile.optionalGroups.has(group)
    return (groups.without.has(group) || isOptional) && !groups.with.has(group)
  }
  const mine = gemfile.groups.get(name) ?? null
  return mine !== null && [...mine].every(isOut)
}
