import { posix } from 'node:path'
import { DiskTree } from './files/disk-tree.ts'
import type { FileTree } from './files/file-tree.ts'
import type { InstalledGem } from './gems/installed-gem.ts'
import type { Inspection } from './inspect-bundle.ts'
import { inspectGems } from './inspect-gems.ts'
import { validationDefaults } from './options.ts'
import type { Mend } from './observation.ts'
import { checkLoading } from './probe/check-loading.ts'
import { thisUser, toPlace, type Place } from './remedies/place.ts'
import { locateRuntime } from './runtime/locate-runtime.ts'
import type { Runtime } from './runtime/runtime.ts'
import { toFindings } from './to-findings.ts'
import type { Finding } from './validation-report.ts'

/** One gem whose extensions RubyGems has just built or unpacked, before it counts as installed. */
export interface FreshBuild {
  readonly name: string
  readonly version: string
  readonly platform: string
  readonly folder: string
  /** Absolute. */
  readonly requireFolders: readonly string[]
  /** `extensions/<platform>/<abi>/<full name>`; empty for a precompiled gem. */
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
  const inspection = await inspectBuild(tree, build, env, runtime)
  const { probeTimeoutMs: timeoutMs, probeMemoryMb: memoryMb, probeCpuSeconds: cpuSeconds } = validationDefaults
  const probed = await checkLoading(inspection, runtime, { env, timeoutMs, memoryMb, cpuSeconds, signal })
  const complete = { ...inspection, observations: [...inspection.observations, ...probed] }
  const appPath = process.cwd()
  const place = toPlace(tree, appPath, tree.kind(posix.join(appPath, 'Gemfile')) !== null, runtime, thisUser(tree, env, false))
  return faultsOf(
    { ...complete, observations: complete.observations.map((each) => ({ ...each, mend: mendOfRefused(each.mend, build) })) },
    place,
  )
}

/** A build that was refused is gone: what mends an installed gem has nothing to work on, and the same build would come out again. */
function mendOfRefused(mend: Mend, { name, version, ruby }: FreshBuild): Mend {
  if (mend.tag === 'Library' || mend.tag === 'Ruby' || mend.tag === 'Reinstall' || mend.tag === 'Say') return mend
  return {
    tag: 'Say',
    lines: [`bundle update ${name}`, `Or set up the compiler for ${ruby}: ${name} ${version} would come out the same again.`],
  }
}

/** What reading the files of a fresh build tells; runs nothing. */
export async function inspectBuild(
  tree: FileTree,
  build: FreshBuild,
  env: Readonly<Record<string, string>>,
  runtime: Runtime,
): Promise<Inspection> {
  const gem = toGem(build)
  return { scope: 'installed', all: new Map([[gem.name, gem]]), unseen: [], ...(await inspectGems(tree, [gem], env, runtime)) }
}

/** What makes an install fail; with remedies where the place is known. */
export function faultsOf(inspection: Inspection, place: Place | null = null): readonly Finding[] {
  return toFindings(inspection, place, [], '').filter(({ severity }) => severity === 'error')
}

function toGem({ name, version, platform, folder, requireFolders, extensionFolder }: FreshBuild): InstalledGem {
  const built = extensionFolder !== ''
  return {
    name,
    version,
    platform,
    origin: 'gem',
    fullName: posix.basename(built ? extensionFolder : folder),
    home: posix.dirname(posix.dirname(folder)),
    folder,
    requireFolders,
    extensionsRoot: built ? posix.resolve(extensionFolder, '../../..') : null,
    declaresExtensions: built,
    requiredRubyVersion: null,
    specPath: folder,
    packagedFiles: null,
    lacks: null,
  }
}
