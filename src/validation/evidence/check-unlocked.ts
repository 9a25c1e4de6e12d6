import { posix } from 'node:path'
import type { FileTree } from '../files/file-tree.ts'
import type { BundleSettings } from '../gems/app-bundle.ts'
import type { FoundGems } from '../gems/find-gems.ts'
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
  { isAll, versionsOf }: Pick<FoundGems, 'isAll' | 'versionsOf'>,
): Promise<Observation[]> {
  if (tree.facts(gemfilePath) === null || standalone) return []
  const config = posix.join(configFolder, 'config')
  if (frozen)
    return [
      {
        code: 'LOCK_MISSED',
        gem: null,
        evidence: [
          { what: 'holds no lock', where: lockPath },
          { what: 'Bundler is frozen, and writes none', where: tree.facts(config) === null ? gemfilePath : config },
        ],
        explanation: 'There is no Gemfile.lock and Bundler is frozen, so that it will refuse to start the app.',
        mend: { tag: 'Relock' },
      },
    ]
  if (!isAll) return []
  const { always, requirements } = readAppGemfile(tree, gemfilePath)
  const found: Observation[] = []
  for (const gem of always) {
    const parts = requirements.get(gem)
    if (gem === 'bundler' || parts === undefined) continue
    const versions = versionsOf(gem)
    if (await hasMeeting(versions, parts)) continue
    const asked = [gem, ...parts].join(' ')
    const there = versions.length === 0 ? 'none is in the gem folders' : `in the gem folders is ${versions.join(', ')}`
    found.push({
      code: 'NEEDED_GEM_ABSENT',
      gem,
      evidence: [{ what: `asks for ${asked}; ${there}`, where: gemfilePath }],
      explanation: `The Gemfile asks for ${asked}, which is not installed, and Bundler will refuse to start the app.`,
      mend: { tag: 'Install' },
    })
  }
  return found
}
