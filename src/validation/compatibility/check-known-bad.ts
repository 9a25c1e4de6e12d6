import { readFileSync } from 'node:fs'
import { meetsRequirement } from './meets-requirement.ts'
import type { InstalledGem } from '../gems/installed-gem.ts'
import type { Observation } from '../observation.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { ownFile } from '../../own-files.ts'

/** One hand-kept combination that is known to crash, with its public source. */
interface KnownBad {
  /** Null: Ruby itself. */
  readonly gem: string | null
  readonly versions: readonly string[]
  /** Rubies that it concerns; null: all. */
  readonly ruby: readonly string[] | null
  /** Part of the platform's name (`musl`, `aarch64`); null: all. */
  readonly platform: string | null
  readonly why: string
  readonly remedy: string
  readonly source: string
}

const table = ownFile('data/compatibility/known-bad.json')
let combinations: readonly KnownBad[] | null = null

/** Known-bad versions among the app's gems, and a known-bad Ruby. */
export async function checkKnownBad(gems: Iterable<InstalledGem>, runtime: Runtime): Promise<Observation[]> {
  combinations ??= (JSON.parse(readFileSync(table, 'utf8')) as { readonly combinations: readonly KnownBad[] }).combinations
  const found: Observation[] = []
  const concerned = combinations.filter(({ platform }) => platform === null || runtime.arch.includes(platform))
  for (const { ruby, versions, ...bad } of concerned.filter((each) => each.gem === null))
    if (ruby !== null && (await meetsRequirement(runtime.version, ruby)) === true)
      found.push(toObservation(bad, 'Ruby', runtime.version, runtime.rubyPath, versions))
  for (const gem of gems)
    for (const { ruby, versions, platform, ...bad } of concerned.filter((each) => each.gem === gem.name)) {
      // What is said of a precompiled gem on musl doesn't hold for the source gem.
      if (platform === 'musl' && gem.platform === 'ruby') continue
      if (ruby !== null && (await meetsRequirement(runtime.version, ruby)) !== true) continue
      if ((await meetsRequirement(gem.version, versions)) === true)
        found.push(toObservation(bad, gem.name, gem.version, gem.specPath, versions))
    }
  return found
}

function toObservation(
  { gem, why, remedy, source }: Pick<KnownBad, 'gem' | 'why' | 'remedy' | 'source'>,
  name: string,
  version: string,
  where: string,
  versions: readonly string[],
): Observation {
  return {
    code: 'KNOWN_BAD_VERSION',
    gem,
    evidence: [
      { what: `version ${version}${versions.length === 0 ? '' : ` is ${versions.join(', ')}`}`, where },
      { what: 'reported', where: source },
    ],
    explanation: `${name} ${version} is known to be bad: ${why}.`,
    mend: { tag: 'Say', lines: [remedy] },
  }
}
