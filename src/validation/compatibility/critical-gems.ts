import { readFileSync } from 'node:fs'
import { meetsRequirement } from './meets-requirement.ts'
import { fitsPlatform } from '../gems/platform.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { ownFile } from '../../own-files.ts'

/** `data/compatibility/gems.json`: version to platform to the Rubies that the build asks for. */
interface GemTable {
  /** Day on which it was made, `YYYY-MM-DD`. */
  readonly made: string
  readonly gems: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>>>
}

const file = ownFile('data/compatibility/gems.json')
let table: GemTable | null = null
const critical: ReadonlySet<string> = new Set([
  'bcrypt',
  'bootsnap',
  'ffi',
  'google-protobuf',
  'grpc',
  'iodine',
  'msgpack',
  'mysql2',
  'nio4r',
  'nokogiri',
  'pg',
  'puma',
  'sqlite3',
])

/** The table of critical gems, read once. */
export function criticalGems(): GemTable {
  table ??= JSON.parse(readFileSync(file, 'utf8')) as GemTable
  return table
}

/** Whether a gem is one of those whose compatibility is tabulated; all of them have native code. */
export function isCritical(name: string): boolean {
  return critical.has(name)
}

/** What the registry says about one build; null for a gem or version that the table doesn't hold. */
export function requiredRubyOf(name: string, version: string, platform: string): readonly string[] | null {
  // The table is read for its own gems only: most bundles' other gems would pay for it.
  return critical.has(name) ? (criticalGems().gems[name]?.[version]?.[platform] ?? null) : null
}

/** The newest version with a precompiled build for a Ruby and its platform; null when there is none, or the gem isn't in the table. */
export async function newestPrecompiled(name: string, runtime: Runtime): Promise<string | null> {
  const versions = Object.entries(criticalGems().gems[name] ?? {}).sort(([one], [other]) =>
    other.localeCompare(one, 'en', { numeric: true }),
  )
  for (const [version, builds] of versions)
    for (const [platform, ruby] of Object.entries(builds))
      if (platform !== 'ruby' && fitsPlatform(platform, runtime.platform) && (await meetsRequirement(runtime.version, ruby)) === true)
        return version
  return null
}
