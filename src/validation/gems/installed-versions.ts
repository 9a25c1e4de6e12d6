import type { Runtime } from '../runtime/runtime.ts'
import { splitFullName, type FullName } from './full-name.ts'
import { fitsPlatform } from './platform.ts'
import type { SpecFile } from './read-gem-folder.ts'

export interface InstalledVersion extends FullName {
  readonly isPrerelease: boolean
  readonly spec: SpecFile
}

/** By name, the newest first; of one version the build for this platform before the source gem, and that before Ruby's own. Builds for others are left out. */
export async function installedVersions(
  specs: Iterable<SpecFile>,
  runtime: Runtime,
): Promise<ReadonlyMap<string, readonly InstalledVersion[]>> {
  const { gt, valid } = await import('@renovatebot/ruby-semver')
  const found = [...specs].flatMap((spec) => {
    const split = splitFullName(spec.fullName)
    if (split === null || valid(split.version) === null) return []
    if (split.platform !== 'ruby' && !fitsPlatform(split.platform, runtime.platform)) return []
    return [{ ...split, isPrerelease: /[a-z]/i.test(split.version), spec }]
  })
  const order = (one: InstalledVersion, other: InstalledVersion) =>
    Number(gt(other.version, one.version)) - Number(gt(one.version, other.version)) ||
    Number(one.platform === 'ruby') - Number(other.platform === 'ruby') ||
    Number(one.spec.isDefault) - Number(other.spec.isDefault)
  return new Map([...Map.groupBy(found, ({ name }) => name)].map(([name, versions]) => [name, versions.sort(order)]))
}
