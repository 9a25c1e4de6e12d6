import type { Runtime } from '../runtime/runtime.ts'
import { fitsPlatform } from './platform.ts'
import type { SpecFile } from './read-gem-folder.ts'

export interface InstalledVersion {
  readonly version: string
  readonly isPrerelease: boolean
  /** `ruby` for a source gem. */
  readonly platform: string
  readonly spec: SpecFile
}

/** A part of the name may begin with a digit: `omniauth-37signals-1.0.5`. */
const fullName = /^(.+?)-(\d+(?:\.[\dA-Za-z]+)*)(?:-(.+))?$/

/** By name, the newest first; of one version the build for this platform before the source gem, and that before Ruby's own. Builds for others are left out. */
export async function installedVersions(
  specs: Iterable<SpecFile>,
  runtime: Runtime,
): Promise<ReadonlyMap<string, readonly InstalledVersion[]>> {
  const { gt, valid } = await import('@renovatebot/ruby-semver')
  const found = [...specs].flatMap((spec) => {
    const [, name, version, platform = 'ruby'] = fullName.exec(spec.fullName) ?? []
    if (name === undefined || version === undefined || valid(version) === null) return []
    if (platform !== 'ruby' && !fitsPlatform(platform, runtime.platform)) return []
    return [{ name, version, isPrerelease: /[a-z]/i.test(version), platform, spec }]
  })
  const order = (one: InstalledVersion, other: InstalledVersion) =>
    Number(gt(other.version, one.version)) - Number(gt(one.version, other.version)) ||
    Number(one.platform === 'ruby') - Number(other.platform === 'ruby') ||
    Number(one.spec.isDefault) - Number(other.spec.isDefault)
  return new Map([...Map.groupBy(found, ({ name }) => name)].map(([name, versions]) => [name, versions.sort(order)]))
}
