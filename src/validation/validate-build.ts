import { posix } from 'node:path'
import { DiskTree } from './files/disk-tree.ts'
import type { InstalledGem } from './gems/installed-gem.ts'
import type { Inspection } from './inspect-bundle.ts'
import { inspectGems } from './inspect-gems.ts'
import { validationDefaults } from './options.ts'
import { checkLoading } from './probe/check-loading.ts'
import { locateRuntime } from './runtime/locate-runtime.ts'
import { toFindings } from './to-report.ts'
import type { Finding } from './validation-report.ts'

/** One gem whose extensions RubyGems has just built, before it counts as installed. */
export interface FreshBuild {
  readonly name: string
  readonly version: string
  readonly platform: string
  readonly folder: string
  /** Absolute. */
  readonly requireFolders: readonly string[]
  /** `extensions/<platform>/<abi>/<full name>`. */
  readonly extensionFolder: string
  /** The interpreter that built it, and will load it. */
  readonly ruby: string
}

/** Validates a fresh build: everything that is an error, by reading and by loading it. Throws `BezelError` `RUBY_NOT_FOUND`. */
export async function validateBuild(
  build: FreshBuild,
  env: Readonly<Record<string, string>>,
  { signal }: { readonly signal: AbortSignal },
): Promise<readonly Finding[]> {
  const tree = new DiskTree(null)
  const { runtime } = await locateRuntime(tree, { root: null, appPath: '/', env, rubyPath: build.ruby })
  const gem = toGem(build)
  const inspected = await inspectGems(tree, [gem], env, runtime)
  const inspection: Inspection = { scope: 'installed', all: new Map([[gem.name, gem]]), unseen: [], ...inspected }
  const { probeTimeoutMs: timeoutMs, probeMemoryMb: memoryMb, probeCpuSeconds: cpuSeconds } = validationDefaults
  const probed = await checkLoading(inspection, runtime, { env, timeoutMs, memoryMb, cpuSeconds, signal })
  const complete = { ...inspection, observations: [...inspected.observations, ...probed] }
  return toFindings(complete, { tree, appPath: '/', bundled: false, packages: null }, [], '').filter(({ severity }) => severity === 'error')
}

function toGem({ name, version, platform, folder, requireFolders, extensionFolder }: FreshBuild): InstalledGem {
  return {
    name,
    version,
    platform,
    origin: 'gem',
    fullName: posix.basename(extensionFolder),
    home: posix.dirname(posix.dirname(folder)),
    folder,
    requireFolders,
    extensionsRoot: posix.resolve(extensionFolder, '../../..'),
    declaresExtensions: true,
    requiredRubyVersion: null,
    specPath: folder,
    packagedFiles: null,
  }
}
