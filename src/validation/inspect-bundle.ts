import { checkAbsent, isLeftOut } from './evidence/check-absent.ts'
import { checkApp } from './evidence/check-app.ts'
import { checkBundler } from './evidence/check-bundler.ts'
import { checkOtherVersions } from './check-other-versions.ts'
import { checkKnownBad } from './compatibility/check-known-bad.ts'
import { checkLock, checkTroubles, specUnreadable } from './evidence/check-files.ts'
import { checkOutdatedLock } from './evidence/check-outdated-lock.ts'
import { checkDockerfile, checkPlatforms } from './evidence/check-declared.ts'
import { checkUnlocked } from './evidence/check-unlocked.ts'
import { checkMounts } from './evidence/check-process.ts'
import type { FileTree } from './files/file-tree.ts'
import { readBundleSettings, type BundleSettings } from './gems/app-bundle.ts'
import { findUnlockedGems, findLockedGems, type FoundGems, type Scope } from './gems/find-gems.ts'
import type { InstalledGem } from './gems/installed-gem.ts'
import { readLock, type AppLock } from './gems/read-lock.ts'
import { inspectGems, type InspectedGem } from './inspect-gems.ts'
import type { Observation } from './observation.ts'
import type { Runtime } from './runtime/runtime.ts'

export interface Inspection {
  readonly scope: Scope
  /** Gems with native code. */
  readonly gems: readonly InspectedGem[]
  /** Every gem of the app, by name. */
  readonly all: ReadonlyMap<string, InstalledGem>
  readonly observations: readonly Observation[]
  /** Gems that could not be judged: with native code, and not installed; with a specification that says nothing; in a version that nobody tells. */
  readonly unseen: readonly string[]
}

/** Reads a bundle without running anything. */
export async function inspectBundle(
  tree: FileTree,
  appPath: string,
  env: Readonly<Record<string, string>>,
  runtime: Runtime,
  /** `/proc/self/mountinfo` of this machine; null for a root. */
  mountInfo: string | null,
): Promise<Inspection> {
  const settings = readBundleSettings(tree, appPath, env)
  const lock = readLock(tree, settings.lockPath)
  const found = await findGems(tree, lock, settings, runtime)
  const observations = checkLock(lock, settings.lockPath, tree.kind(settings.gemfilePath) !== null, found.scope)
  observations.push(...(await checkApp(tree, appPath, settings, lock.tag === 'Lock' ? lock : null, runtime)))
  if (lock.tag === 'Lock') observations.push(...checkPlatforms(lock, settings, runtime), ...checkBundler(tree, lock, settings, runtime))
  observations.push(...(await checkDockerfile(tree, appPath, runtime)))

  observations.push(
    ...checkAbsent(found.absent, settings, runtime),
    ...found.unreadable.map((spec) => specUnreadable(spec, lock.tag === 'Lock')),
  )
  if (lock.tag === 'Lock') observations.push(...(await checkOutdatedLock(tree, lock, settings, found)))
  if (lock.tag === 'Absent') observations.push(...(await checkUnlocked(tree, settings, found)))
  const inspected = await inspectGems(tree, found.gems, env, runtime)
  const others = await checkOtherVersions(tree, found.others, env, runtime)
  observations.push(...inspected.observations, ...others, ...(await checkKnownBad(found.gems, runtime)))
  if (mountInfo !== null) observations.push(...checkMounts(mountInfo, [...new Set(inspected.gems.map(({ gem }) => gem.home))]))
  const told = new Set(observations.flatMap(({ mend }) => (mend.tag === 'Permit' ? [mend.path] : [])))
  observations.push(...checkTroubles(tree, appPath, env['HOME'] ?? null, told))
  const all = new Map(found.gems.map((gem) => [gem.name, gem]))
  return {
    scope: found.scope,
    gems: [...inspected.gems].sort(byName),
    all,
    observations,
    unseen: [
      ...found.unreadable.flatMap(({ name, effect }) => (effect === 'partly' ? [] : [name])),
      ...others.flatMap(({ gem }) => gem ?? []),
      ...found.absent.filter((gem) => !isLeftOut(gem, settings) && (gem.native || gem.need === 'always')).map(({ name }) => name),
    ],
  }
}

async function findGems(tree: FileTree, lock: AppLock, settings: BundleSettings, runtime: Runtime): Promise<FoundGems> {
  switch (lock.tag) {
    case 'Lock':
      return findLockedGems(tree, lock, settings, runtime)
    case 'Unreadable':
      return {
        scope: 'lock',
        gems: [],
        absent: [],
        lacking: [],
        unreadable: [],
        others: [],
        folders: [],
        isAll: false,
        versionsOf: () => [],
      }
    case 'Absent':
      return findUnlockedGems(tree, settings, runtime)
  }
}

function byName(one: InspectedGem, other: InspectedGem): number {
  return one.gem.name < other.gem.name ? -1 : 1
}
