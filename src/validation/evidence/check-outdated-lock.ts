import type { GemfileLock } from '../../formats/gemfile-lock/gemfile-lock.ts'
import type { FileTree } from '../files/file-tree.ts'
import type { BundleSettings } from '../gems/app-bundle.ts'
import type { FoundGems } from '../gems/find-gems.ts'
import { readAppGemfile } from '../gems/read-app-gemfile.ts'
import type { Observation } from '../observation.ts'
import { meetsRequirement } from '../compatibility/meets-requirement.ts'

/**
 * What the Gemfile plainly asks for and the lock does not hold. Bundler then resolves anew with what is installed, which a frozen lock forbids
 * (`ensure_equivalent_gemfile_and_lockfile` of lib/bundler/definition.rb).
 */
export async function checkOutdatedLock(
  tree: FileTree,
  lock: GemfileLock,
  { gemfilePath, lockPath, frozen, groups, standalone }: BundleSettings,
  { gems, absent, versionsOf }: Pick<FoundGems, 'gems' | 'absent' | 'versionsOf'>,
): Promise<Observation[]> {
  if (groups.only.size > 0 || groups.without.has('default') || standalone || lock.dependencies.size === 0) return []
  // Where most of the lock isn't found either, the bundle is somewhere else.
  if (!frozen && gems.length < absent.length) return []
  const { always, requirements } = readAppGemfile(tree, gemfilePath)
  const found: Observation[] = []
  for (const gem of always) {
    const parts = requirements.get(gem)
    if (gem === 'bundler' || parts === undefined) continue
    const held = lock.gems.get(gem)?.version
    const known = lock.dependencies.get(gem)
    if (known !== undefined && (held === undefined || isSame(parts, known) || (await meetsRequirement(held, parts)) !== false)) continue
    if (!frozen && (await hasMeeting(versionsOf(gem), parts))) continue
    const asked = [gem, ...parts].join(' ')
    const why = frozen ? 'is frozen' : `holds ${known === undefined || held === undefined ? 'none' : held}`
    found.push({
      code: 'LOCK_OUTDATED',
      gem,
      evidence: [
        { what: `asks for ${asked}`, where: gemfilePath },
        { what: known === undefined ? `does not name ${gem}` : `holds ${held}`, where: lockPath },
        { what: frozen ? 'the lock is frozen' : 'none that is installed serves', where: lockPath },
      ],
      explanation: `The Gemfile asks for ${asked}; Gemfile.lock ${why}, and Bundler will refuse to start the app.`,
      mend: { tag: 'Relock' },
    })
  }
  return found
}

/** The lock repeats what the Gemfile asked for when it was written: what is the same was met then. */
function isSame(parts: readonly string[], locked: string): boolean {
  return [...parts].sort().join(', ') === locked.split(', ').sort().join(', ') || (parts.length === 0 && locked === '')
}

/** Whether one of the versions is what the Gemfile asks for, as far as that can be told. */
export async function hasMeeting(versions: readonly string[], parts: readonly string[]): Promise<boolean> {
  for (const version of versions) if (parts.length === 0 || (await meetsRequirement(version, parts)) !== false) return true
  return false
}
