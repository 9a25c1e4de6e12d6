import type { FileTree } from './files/file-tree.ts'
import { findingRules } from './findings.ts'
import type { InstalledGem } from './gems/installed-gem.ts'
import { inspectGems } from './inspect-gems.ts'
import type { Observation } from './observation.ts'
import type { Runtime } from './runtime/runtime.ts'

/** Versions beside the newest that could not be loaded. They condemn no app, and leave open whether it is well: it may ask for them. */
export async function checkOtherVersions(
  tree: FileTree,
  others: readonly InstalledGem[],
  env: Readonly<Record<string, string>>,
  runtime: Runtime,
): Promise<Observation[]> {
  if (others.length === 0) return []
  const { gems, observations } = await inspectGems(tree, others, env, runtime)
  return gems
    .filter(({ verdict }) => verdict === 'incompatible')
    .map(({ gem }): Observation => {
      const { name, version } = gem
      const against = observations.find((each) => each.gem === name && findingRules[each.code].severity === 'error' && isAbout(each, gem))
      return {
        code: 'OTHER_VERSION_BROKEN',
        gem: name,
        evidence: against?.evidence ?? [{ what: 'can not be loaded', where: gem.folder }],
        explanation: `${name} ${version} can not be loaded, and the Gemfile does not tell whether the app loads that version or another.`,
        mend: { tag: 'Install' },
      }
    })
}

/** Several versions of a gem bear one name: where the evidence lies tells them apart. */
function isAbout({ evidence }: Observation, { fullName }: InstalledGem): boolean {
  return evidence.some(({ where }) => where.split('/').some((part) => part === fullName || part === `${fullName}.gemspec`))
}
