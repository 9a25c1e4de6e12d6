import type { BundleSettings } from '../gems/app-bundle.ts'
import type { AbsentGem } from '../gems/installed-gem.ts'
import { parts } from '../gems/platform.ts'
import type { Observation } from '../observation.ts'
import type { Runtime } from '../runtime/runtime.ts'

/** Whether a gem is rightly absent: its group was left out at install, or may have been by an environment that nobody knows. */
export function isLeftOut({ need, elsewhere, remains }: AbsentGem, { without, environmentKnown }: BundleSettings): boolean {
  if (need === 'sometimes') return without || !environmentKnown
  return need === 'unclear' && without && elsewhere.length === 0 && remains === null
}

/** Whether the app is certain to fail for want of a gem: Bundler would refuse to start. */
function isSurelyMissed({ need, mustBeInstalled }: AbsentGem, { standalone }: BundleSettings): boolean {
  return need === 'always' && mustBeInstalled && !standalone
}

/** Gems of the lock that are not where this Ruby looks. */
export function checkAbsent(absent: readonly AbsentGem[], settings: BundleSettings, runtime: Runtime): Observation[] {
  return absent.flatMap((gem): Observation[] => {
    const { name, version, elsewhere, foreign, remains, sourceFolder } = gem
    if (isLeftOut(gem, settings)) return []
    if (foreign !== null) return [forOtherPlatform(name, version, foreign, runtime)]
    if (remains !== null && elsewhere.length === 0)
      return [
        {
          code: 'GEM_INCOMPLETE',
          gem: name,
          evidence: [{ what: 'its folder is there, its specification is not', where: remains }],
          explanation: `${name} ${version} is installed in part: without its specification neither RubyGems nor Bundler finds it.`,
          mend: { tag: 'Install' },
        },
      ]
    if (elsewhere.length > 0)
      return [
        {
          code: 'GEM_FOR_OTHER_RUBY',
          gem: name,
          evidence: elsewhere.map(({ abi, home }) => ({ what: `${name} ${version} is installed for ${abi}`, where: home })),
          explanation: `${name} ${version} is installed for Ruby ${elsewhere.map(({ abi }) => abi).join(', ')} only; this is ${runtime.version}.`,
          mend: { tag: 'Install' },
        },
      ]
    const missed = isSurelyMissed(gem, settings)
    return [
      {
        code: missed ? 'NEEDED_GEM_ABSENT' : 'GEM_ABSENT',
        gem: name,
        evidence: [
          sourceFolder === null
            ? { what: `${name} ${version} is in none of the gem folders`, where: settings.lockPath }
            : { what: `does not exist; ${name} ${version} is locked to it`, where: sourceFolder },
          ...(missed ? [{ what: 'needs it, whatever the groups', where: settings.gemfilePath }] : []),
        ],
        explanation: `${name} ${version} of Gemfile.lock is not ${sourceFolder === null ? 'installed' : 'there'}${missed ? ', and Bundler will refuse to start the app' : ''}.`,
        mend:
          sourceFolder === null
            ? { tag: 'Install' }
            : { tag: 'Say', lines: [`Put ${sourceFolder} back, where Gemfile.lock takes ${name} from, or take it out of the Gemfile.`] },
      },
    ]
  })
}

/** Bundler and RubyGems pass over a precompiled gem of another processor, system or C library. */
function forOtherPlatform(
  name: string,
  version: string,
  { platform, specPath }: NonNullable<AbsentGem['foreign']>,
  runtime: Runtime,
): Observation {
  const [theirs, ours] = [parts(platform), parts(runtime.platform)]
  return {
    code: theirs.cpu === ours.cpu && theirs.os === ours.os ? 'LIBC_DIFFERS' : 'ARCHITECTURE_DIFFERS',
    gem: name,
    evidence: [
      { what: `is precompiled for ${platform}`, where: specPath },
      { what: `Ruby is for ${runtime.platform}`, where: runtime.rubyPath },
    ],
    explanation: `${name} ${version} is installed for ${platform} only; this is ${runtime.platform}.`,
    mend: { tag: 'Install' },
  }
}
