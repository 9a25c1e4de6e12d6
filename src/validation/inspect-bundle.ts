import type { GemfileLock } from '../formats/gemfile-lock/gemfile-lock.ts'
import { readGemfileLock } from '../formats/gemfile-lock/read-gemfile-lock.ts'
import { checkAbsent, checkApp, checkRequiredRuby } from './evidence/check-app.ts'
import { checkKnownBad } from './compatibility/check-known-bad.ts'
import { checkBuild } from './evidence/check-build.ts'
import { checkEnvironment, checkMounts, checkTogether, type Brought } from './evidence/check-process.ts'
import { checkInterpreter } from './evidence/check-interpreter.ts'
import { judgeExtension } from './evidence/judge-extension.ts'
import { judgeShadowed } from './evidence/judge-shadowed.ts'
import type { Workbench } from './evidence/workbench.ts'
import type { FileTree } from './files/file-tree.ts'
import { readBundleSettings, type BundleSettings } from './gems/app-bundle.ts'
import type { Extension, GemExtensions } from './gems/extension.ts'
import { findExtensions } from './gems/find-extensions.ts'
import { findAllGems, findLockedGems, type FoundGems } from './gems/find-gems.ts'
import type { InstalledGem } from './gems/installed-gem.ts'
import { ElfShelf } from './libraries/elf-shelf.ts'
import { Loader } from './libraries/loader.ts'
import type { Observation } from './observation.ts'
import type { Runtime } from './runtime/runtime.ts'
import type { Verdict } from './validation-report.ts'

export interface InspectedGem {
  readonly gem: InstalledGem
  /** What this Ruby would load. */
  readonly extensions: readonly Extension[]
  readonly verdict: Verdict
  /** Minor version that its files name; null when nothing tells. */
  readonly builtFor: string | null
}

export interface Inspection {
  readonly scope: 'lock' | 'installed'
  /** Gems with native code. */
  readonly gems: readonly InspectedGem[]
  /** Every gem of the app, by name. */
  readonly all: ReadonlyMap<string, InstalledGem>
  readonly observations: readonly Observation[]
  readonly settings: BundleSettings
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
  const extensions = found.gems.map((gem) => findExtensions(tree, gem, runtime))
  const gems: InspectedGem[] = []
  const shelf = new ElfShelf(tree)
  try {
    const ruby = shelf.library(runtime.rubyPath)
    const files = extensions.flatMap(({ loaded }) => loaded)
    const bench: Workbench = {
      tree,
      runtime,
      shelf,
      linked: ruby === null ? null : { ruby, loader: new Loader(tree, shelf, ruby, env) },
      someExtensionOffers: (symbol) => files.some(({ path }) => shelf.library(path)?.exports(symbol) === true),
    }
    observations.push(...checkInterpreter(bench))
    const brought: Brought[] = []
    for (const gem of extensions) {
      observations.push(...(await checkRequiredRuby(gem.gem, runtime)))
      const inspected = inspectGem(bench, gem)
      observations.push(...inspected.observations)
      brought.push(...inspected.brought)
      if (inspected.gem !== null) gems.push(inspected.gem)
    }
    observations.push(...checkTogether(brought), ...checkEnvironment(bench, env), ...(await checkKnownBad(found.gems, runtime)))
    if (mountInfo !== null) observations.push(...checkMounts(mountInfo, [...new Set(gems.map(({ gem }) => gem.home))]))
  } finally {
    shelf.close()
  }
  observations.push(...tree.troubles().map(({ path, errno }) => troubled(tree.shown(path), errno)))
  const all = new Map(found.gems.map((gem) => [gem.name, gem]))
  return { scope: read === null ? 'installed' : 'lock', gems: gems.sort(byName), all, observations, settings }
}

function findGems(tree: FileTree, lock: GemfileLock | null, hasLock: boolean, settings: BundleSettings, runtime: Runtime): FoundGems {
  if (lock !== null) return findLockedGems(tree, lock, settings, runtime)
  return hasLock ? { gems: [], absent: [], unreadable: [], folders: [] } : findAllGems(tree, settings, runtime)
}

function inspectGem(
  bench: Workbench,
  gem: GemExtensions,
): { gem: InspectedGem | null; observations: readonly Observation[]; brought: readonly Brought[] } {
  const build = checkBuild(bench.tree, gem, bench.runtime)
  if (gem.loaded.length === 0 && build.length === 0) return { gem: null, observations: [], brought: [] }
  const judgements = gem.loaded.map((extension) => judgeExtension(bench, extension, gem))
  const verdicts = new Set(judgements.map(({ verdict }) => verdict))
  const verdict = build.length > 0 || verdicts.has('incompatible') ? 'incompatible' : verdicts.has('unknown') ? 'unknown' : 'compatible'
  const builtFor = judgements.map((judgement) => judgement.builtFor).find((minor) => minor !== null) ?? gem.builtForOthers[0]?.abi ?? null
  return {
    gem: {
      gem: gem.gem,
      extensions: gem.loaded,
      verdict,
      builtFor: build.length > 0 ? (gem.builtForOthers[0]?.abi ?? builtFor) : builtFor,
    },
    observations: [
      ...build,
      ...judgements.flatMap(({ observations }) => observations),
      ...(verdict === 'compatible' ? judgeShadowed(bench, gem) : []),
    ],
    brought: judgements.flatMap(({ brought }) => brought),
  }
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
