import { posix } from 'node:path'
import type { GemfileLock } from '../../formats/gemfile-lock/gemfile-lock.ts'
import { baseOf } from '../containers/base-image.ts'
import type { FileTree } from '../files/file-tree.ts'
import type { BundleSettings } from '../gems/app-bundle.ts'
import { fitsPlatform } from '../gems/platform.ts'
import type { Observation } from '../observation.ts'
import type { Runtime } from '../runtime/runtime.ts'

/**
 * Whether the lock names this platform. A `ruby` among its platforms stands for all (lib/bundler/match_platform.rb); where it may not
 * be changed, Bundler refuses to start (`validate_platforms!` of lib/bundler/definition.rb).
 */
export function checkPlatforms(
  { platforms }: GemfileLock,
  { lockPath, frozen, forceRubyPlatform }: BundleSettings,
  runtime: Runtime,
): Observation[] {
  if (platforms.length === 0 || platforms.some((platform) => platform === 'ruby' || fitsPlatform(platform, runtime.platform))) return []
  return [
    {
      code: frozen ? 'LOCK_PLATFORM_REFUSED' : 'LOCK_PLATFORM_ABSENT',
      gem: null,
      evidence: [{ what: `PLATFORMS are ${platforms.join(', ')}; this is ${runtime.platform}`, where: lockPath }],
      explanation: `Gemfile.lock does not name ${runtime.platform}${frozen ? ', and is frozen: Bundler refuses to start the app' : ''}.`,
      mend: { tag: 'Say', lines: [`bundle lock --add-platform ${forceRubyPlatform ? 'ruby' : runtime.platform}`] },
    },
  ]
}

/** Whether the image that the app's Dockerfile ends with names the Ruby found here. */
export async function checkDockerfile(tree: FileTree, appPath: string, runtime: Runtime): Promise<Observation[]> {
  const where = posix.join(appPath, 'Dockerfile')
  const text = tree.text(where)
  if (text === null) return []
  // Loaded only where there is one: its parser costs a start some 10 ms.
  const { readDockerfile } = await import('../../formats/dockerfile/read-dockerfile.ts')
  const file = readDockerfile(text)
  const final = file.tag === 'Dockerfile' ? file.stages.at(-1) : undefined
  if (file.tag !== 'Dockerfile' || final === undefined) return []
  const { image, rubyMinor } = baseOf(file, final)
  if (rubyMinor === null || rubyMinor === runtime.minor) return []
  return [
    {
      code: 'DOCKERFILE_RUBY_DIFFERS',
      gem: null,
      evidence: [{ what: `FROM ${image}`, where: `${where}:${final.line}` }],
      explanation: `The app's Dockerfile runs Ruby ${rubyMinor}; this is ${runtime.version}.`,
      mend: { tag: 'Say', lines: [] },
    },
  ]
}
