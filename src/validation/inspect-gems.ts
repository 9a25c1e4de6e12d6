import { setImmediate as breathe } from 'node:timers/promises'
import { checkRequiredRuby } from './evidence/check-app.ts'
import { checkBuild } from './evidence/check-build.ts'
import { checkInterpreter, checkLoaderCache, checkPrefix } from './evidence/check-interpreter.ts'
import { broughtByRuby, checkEnvironment, checkTogether, type Brought } from './evidence/check-process.ts'
import { judgeExtension } from './evidence/judge-extension.ts'
import { judgeShadowed } from './evidence/judge-shadowed.ts'
import { isForArch } from './evidence/machine-name.ts'
import type { Workbench } from './evidence/workbench.ts'
import type { FileTree } from './files/file-tree.ts'
import type { Extension, GemExtensions } from './gems/extension.ts'
import { findExtensions } from './gems/find-extensions.ts'
import type { InstalledGem } from './gems/installed-gem.ts'
import { ElfShelf, type Library } from './libraries/elf-shelf.ts'
import { ExtensionExports } from './libraries/extension-exports.ts'
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

export interface InspectedGems {
  /** Those with native code. */
  readonly gems: readonly InspectedGem[]
  readonly observations: readonly Observation[]
}

/** To look for the files of so many takes some milliseconds; a turn of the event loop for each would cost a tenth of that more. */
const gemsABreath = 32
/** To judge one takes a millisecond, and longer where it is large. */
const judgedABreath = 8

/** Judges the compiled files of some gems as one process of this Ruby would load them. */
export async function inspectGems(
  tree: FileTree,
  all: readonly InstalledGem[],
  env: Readonly<Record<string, string>>,
  runtime: Runtime,
): Promise<InspectedGems> {
  const observations: Observation[] = []
  const extensions: GemExtensions[] = []
  for (const [index, gem] of all.entries()) {
    extensions.push(findExtensions(tree, gem, runtime))
    if (index % gemsABreath === 0) await breathe()
  }
  const gems: InspectedGem[] = []
  const shelf = new ElfShelf(tree)
  try {
    const ruby = shelf.library(runtime.rubyPath)
    const files = extensions.flatMap(({ loaded }) => loaded)
    const bench: Workbench = {
      tree,
      runtime,
      shelf,
      linked: ruby === null || !canStart(ruby, runtime) ? null : { ruby, loader: new Loader(tree, shelf, ruby, env) },
      extensions: new ExtensionExports(
        tree,
        files.map(({ path }) => path),
      ),
    }
    observations.push(...checkLoaderCache(bench), ...checkInterpreter(bench), ...checkPrefix(runtime))
    const brought: Brought[] = []
    for (const gem of extensions) {
      observations.push(...(await checkRequiredRuby(gem.gem, runtime)))
      const inspected = await inspectGem(bench, gem)
      observations.push(...inspected.observations)
      brought.push(...inspected.brought)
      if (inspected.gem === null) continue
      gems.push(inspected.gem)
      if (gems.length % judgedABreath === 0) await breathe()
    }
    observations.push(
      ...checkTogether([...(brought.length === 0 ? [] : broughtByRuby(bench)), ...brought]),
      ...checkEnvironment(bench, env),
    )
  } finally {
    shelf.close()
  }
  return { gems, observations }
}

/** What holds for no interpreter at all says nothing about a gem. */
function canStart({ elf }: Library, { arch }: Runtime): boolean {
  return elf.truncatedAt !== 'segment' && isForArch(arch, elf)
}

async function inspectGem(
  bench: Workbench,
  gem: GemExtensions,
): Promise<{ gem: InspectedGem | null; observations: readonly Observation[]; brought: readonly Brought[] }> {
  const build = await checkBuild(bench.tree, gem, bench.runtime)
  if (gem.loaded.length === 0 && build.length === 0) return { gem: null, observations: [], brought: [] }
  const judgements = gem.loaded.map((extension) => judgeExtension(bench, extension, gem))
  const verdicts = new Set(judgements.map(({ verdict }) => verdict))
  const refused = build.some(({ code }) => code !== 'ORIGIN_UNKNOWN')
  const verdict =
    refused || verdicts.has('incompatible') ? 'incompatible' : verdicts.has('unknown') || build.length > 0 ? 'unknown' : 'compatible'
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
