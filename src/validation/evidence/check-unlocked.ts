import { posix } from 'node:path'
import type { FileTree } from '../files/file-tree.ts'
import type { BundleSettings } from '../gems/app-bundle.ts'
import type { FoundGems } from '../gems/find-gems.ts'
import type { LackingGem } from '../gems/resolve-gems.ts'
import { readAppGemfile } from '../gems/read-app-gemfile.ts'
import type { Observation } from '../observation.ts'
import { hasMeeting } from './check-outdated-lock.ts'

/**
 * What Bundler refuses where a Gemfile has no lock: being frozen (`validate_platforms!` of lib/bundler/definition.rb finds no platform), and a
 * gem that the Gemfile plainly needs and of which no version that serves is installed: without a lock it resolves all groups, those left out too.
 */
export async function checkUnlocked(
  tree: FileTree,
  { gemfilePath, lockPath, configFolder, frozen, standalone }: BundleSettings,
  { isAll, lacking, versionsOf }: Pick<FoundGems, 'isAll' | 'lacking' | 'versionsOf'>,
): Promise<Observation[]> {
  if (tree.kind(gemfilePath) === null || standalone) return []
  const config = posix.join(configFolder, 'config')
  if (frozen)
    return [
      {
        code: 'LOCK_MISSED',
        gem: null,
        evidence: [
          { what: 'holds no lock', where: lockPath },
          { what: 'Bundler is frozen, and writes none', where: tree.kind(config) === null ? gemfilePath : config },
        ],
        explanation: 'There is no Gemfile.lock and Bundler is frozen, so that it will refuse to start the app.',
        mend: { tag: 'Relock' },
      },
    ]
  if (!isAll) return []
  const { always, requirements } = readAppGemfile(tree, gemfilePath)
  const missed: LackingGem[] = []
  for (const name of always) {
    const requirement = requirements.get(name)
    if (name !== 'bundler' && requirement !== undefined && !(await hasMeeting(versionsOf(name), requirement)))
      missed.push({ name, requirement, neededBy: null })
  }
  const known = new Set(missed.map(({ name }) => name))
  return [...missed, ...lacking.filter(({ name }) => !known.has(name))].map(({ name, requirement, neededBy }) => {
    const asked = [name, ...requirement].join(' ')
    const versions = versionsOf(name)
    const there = versions.length === 0 ? 'none is in the gem folders' : `in the gem folders is ${versions.join(', ')}`
    return {
      code: 'NEEDED_GEM_ABSENT',
      gem: name,
      evidence: [{ what: `asks for ${asked}; ${there}`, where: neededBy?.path ?? gemfilePath }],
      explanation: `${neededBy === null ? 'The Gemfile' : neededBy.fullName} asks for ${asked}, of which none that serves is installed, and Bundler will refuse to start the app.`,
      mend: { tag: 'Install' },
    }
  })
}
