import type { GemfileLock } from '../formats/gemfile-lock/gemfile-lock.ts'
import { readGemfileLock } from '../formats/gemfile-lock/read-gemfile-lock.ts'
import { checkAbsent, checkApp } from './evidence/check-app.ts'
import { checkKnownBad } from './compatibility/check-known-bad.ts'
import { checkMounts } from './evidence/check-process.ts'
import type { FileTree } from './files/file-tree.ts'
import { readBundleSettings, type BundleSettings } from './gems/app-bundle.ts'
import { findAllGems, findLockedGems, type FoundGems } from './gems/find-gems.ts'
import type { InstalledGem } from './gems/installed-gem.ts'
import { inspectGems, type InspectedGem } from './inspect-gems.ts'
import type { Observation } from './observation.ts'
import type { Runtime } from './runtime/runtime.ts'

export interface Inspection {
  readonly scope: 'lock' | 'installed'
  /** Gems with native code. */
  readonly gems: readonly InspectedGem[]
  /** Every gem of the app, by name. */
  readonly all: ReadonlyMap<string, InstalledGem>
  readonly observations: readonly Observation[]
  /** Gems with native code that could not be judged, because they are not installed. */
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
  const text = tree.text(settings.lockPath)
  const read = text === null ? null : readGemfileLock(text)
  const lock = read?.tag === 'Lock' ? read : null
  const observations: Observation[] = []
  if (read?.tag === 'Malformed') observations.push(lockUnreadable(settings.lockPath, read.line, read.why))
  if (read === null) observations.push(lockAbsent(settings.lockPath))
  observations.push(...(await checkApp(tree, appPath, settings, lock, runtime)))

  const found = findGems(tree, lock, read !== null, settings, runtime)
  observations.push(...checkAbsent(found.absent, settings, runtime), ...found.unreadable.map(specUnreadable))
  const inspected = await inspectGems(tree, found.gems, env, runtime)
  observations.push(...inspected.observations, ...(await checkKnownBad(found.gems, runtime)))
  if (mountInfo !== null) observations.push(...checkMounts(mountInfo, [...new Set(inspected.gems.map(({ gem }) => gem.home))]))
  observations.push(...tree.troubles().map(({ path, errno }) => troubled(tree.shown(path), errno)))
  const all = new Map(found.gems.map((gem) => [gem.name, gem]))
  return {
    scope: read === null ? 'installed' : 'lock',
    gems: [...inspected.gems].sort(byName),
    all,
    observations,
    unseen: settings.without ? [] : found.absent.filter(({ native }) => native).map(({ name }) => name),
  }
}

function findGems(tree: FileTree, lock: GemfileLock | null, hasLock: boolean, settings: BundleSettings, runtime: Runtime): FoundGems {
  if (lock !== null) return findLockedGems(tree, lock, settings, runtime)
  return hasLock ? { gems: [], absent: [], unreadable: [], folders: [] } : findAllGems(tree, settings, runtime)
}

function lockUnreadable(where: string, line: number, why: string): Observation {
  return {
    code: 'LOCK_UNREADABLE',
    gem: null,
    evidence: [{ what: `line ${line}: ${why}`, where }],
    explanation: `Gemfile.lock can not be read: line ${line}: ${why}.`,
    mend: { tag: 'Say', lines: ['bundle lock'] },
  }
}

function lockAbsent(where: string): Observation {
  return {
    code: 'LOCK_ABSENT',
    gem: null,
    evidence: [{ what: 'does not exist', where }],
    explanation: 'There is no Gemfile.lock, so all installed gems were validated.',
    mend: { tag: 'Say', lines: [] },
  }
}

function specUnreadable(name: string): Observation {
  return {
    code: 'GEMSPEC_UNREADABLE',
    gem: name,
    evidence: [{ what: 'neither stub lines nor a plain name', where: `specification of ${name}` }],
    explanation: `The specification of ${name} can not be understood, so it was not validated.`,
    mend: { tag: 'Install' },
  }
}

function troubled(where: string, errno: string): Observation {
  return {
    code: 'FILE_UNREADABLE',
    gem: null,
    evidence: [{ what: errno, where }],
    explanation: `${where} can not be read (${errno}).`,
    mend: { tag: 'Say', lines: [] },
  }
}

function byName(one: InspectedGem, other: InspectedGem): number {
  return one.gem.name < other.gem.name ? -1 : 1
}
