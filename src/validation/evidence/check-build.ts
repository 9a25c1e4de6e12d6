import { posix } from 'node:path'
import { isCritical, requiredRubyOf } from '../compatibility/critical-gems.ts'
import type { FileTree } from '../files/file-tree.ts'
import { glob } from '../files/glob.ts'
import type { GemExtensions } from '../gems/extension.ts'
import type { InstalledGem } from '../gems/installed-gem.ts'
import { distributionHome } from '../gems/read-gem-folder.ts'
import type { Observation } from '../observation.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { findLostCopies, type LostCopy } from './find-lost-copies.ts'
import { findUnbuiltPath, withoutTrace } from './find-unbuilt-path.ts'
import { meetsRequirement } from '../compatibility/meets-requirement.ts'

/** What the folders of one gem show before any file of it is opened. */
export async function checkBuild(tree: FileTree, extensions: GemExtensions, runtime: Runtime): Promise<Observation[]> {
  const { gem, loaded, otherMinors, buildComplete, builtFolder, builtForOthers } = extensions
  const lacking = whatLacks(gem) ?? whatIsHollow(tree, extensions)
  if (lacking !== null) return [lacking]
  if (buildComplete === false)
    return [
      {
        code: 'EXTENSION_NOT_BUILT',
        gem: gem.name,
        evidence: [
          {
            what: 'gem.build_complete is missing',
            where: builtFolder ?? posix.join(gem.extensionsRoot ?? gem.folder, runtime.platform, runtime.extensionAbi, gem.fullName),
          },
          ...builtForOthers.map(({ abi, folder }) => ({ what: `built for ${abi}`, where: folder })),
        ],
        explanation: `${gem.name} ${gem.version} is not built for Ruby ${runtime.extensionAbi}, so RubyGems ignores it${builtForOthers.length === 0 ? '' : ` (built for ${builtForOthers.map(({ abi }) => abi).join(', ')})`}.`,
        mend: { tag: 'Build' },
      },
    ]
  if (otherMinors.length > 0) {
    const stated = await statedRange(gem, runtime)
    if (stated !== null) return [lostMinor(gem, otherMinors, stated, runtime)]
    return [
      {
        code: 'PRECOMPILED_FOR_OTHERS',
        gem: gem.name,
        evidence: [{ what: `holds files for Ruby ${otherMinors.join(', ')}, none for ${runtime.minor}`, where: gem.folder }],
        explanation: `${gem.fullName} is precompiled for Ruby ${otherMinors.join(', ')}, not for ${runtime.minor}.`,
        mend: { tag: 'SourceBuild' },
      },
    ]
  }
  const [lost] = findLostCopies(tree, extensions, runtime)
  if (lost !== undefined) return [lostCopy(gem, lost)]
  const unbuilt = findUnbuiltPath(tree, extensions, runtime)
  if (unbuilt !== null) return [unbuilt]
  if (buildComplete !== true || loaded.length > 0 || builtFolder === null) return []
  if (isCritical(gem.name) || hasLostWhatItLinked(tree, gem, builtFolder, runtime))
    return [
      {
        code: 'EXTENSION_ABSENT',
        gem: gem.name,
        evidence: [{ what: 'no compiled file, although the build is marked as finished', where: builtFolder }],
        explanation: `${gem.name} ${gem.version} is marked as built, and its compiled files are gone.`,
        mend: { tag: 'Rebuild' },
      },
    ]
  return []
}

/**
 * The Rubies that a precompiled gem states, with a newest one, when this one is among them; null otherwise. rake-compiler-dock derives the
 * range from the minors that it compiled for; a lower bound alone says nothing of the files.
 */
async function statedRange({ name, version, platform, requiredRubyVersion }: InstalledGem, runtime: Runtime): Promise<string | null> {
  const required = requiredRubyVersion ?? requiredRubyOf(name, version, platform)
  if (required === null || !required.some((part) => /^(?:<|~>)/.test(part))) return null
  return (await meetsRequirement(runtime.version, required)) === true ? required.join(', ') : null
}

function lostMinor(
  { name, fullName, folder, specPath }: InstalledGem,
  others: readonly string[],
  stated: string,
  { minor }: Runtime,
): Observation {
  return {
    code: 'EXTENSION_ABSENT',
    gem: name,
    evidence: [
      { what: `holds files for Ruby ${others.join(', ')}, none for ${minor}`, where: folder },
      { what: `required_ruby_version ${stated}`, where: specPath },
    ],
    explanation: `${fullName} is made for Ruby ${minor} too, and its compiled file for it is gone.`,
    mend: { tag: 'Rebuild' },
  }
}

function lostCopy({ name, version }: InstalledGem, { wanted, asker, left }: LostCopy): Observation {
  return {
    code: 'EXTENSION_ABSENT',
    gem: name,
    evidence: [
      { what: 'does not exist', where: wanted },
      { what: 'asks for it by require_relative, which looks nowhere else', where: asker },
      { what: 'a copy that is left, and not looked for', where: left },
    ],
    explanation: `The compiled file of ${name} ${version} is gone from where the gem loads it: ${wanted}.`,
    mend: { tag: 'Rebuild' },
  }
}

/**
 * Some gems declare an extension only to run a script at install; the log of the build tells whether a library was linked. mkmf installs
 * it where Ruby loads it; what a Rakefile builds (`ffi-compiler`) may stay anywhere in the gem.
 */
function hasLostWhatItLinked(tree: FileTree, { folder }: InstalledGem, builtFolder: string, { extensionSuffix }: Runtime): boolean {
  const log = tree.text(posix.join(builtFolder, 'gem_make.out'))
  if (log === null || !/linking shared-object \S+|-shared\b.*-o \S+\.(?:so|bundle)/.test(log)) return false
  return /\bextconf\.rb\b/.test(log) || glob(tree, folder, `**/*.${extensionSuffix}`).length === 0
}

/**
 * A gem whose folder holds nothing, or nothing to require. Some gems are mere lists of others and have no `lib`; a critical one has Ruby
 * code of its own in it. One that is a compiled file alone (Debian's sdbm) has all of it in the folder of extensions, and Debian may keep the
 * Ruby code of others in Ruby's own folder (its google-protobuf).
 */
function whatIsHollow(tree: FileTree, { gem, loaded, hasCode }: GemExtensions): Observation | null {
  const { name, version, folder, origin, requireFolders } = gem
  if (loaded.some(({ feature }) => feature === name || feature === name.replaceAll('-', '/'))) return null
  if (loaded.length > 0 && distributionHome.test(gem.home)) return null
  if (origin !== 'gem' || hasCode || requireFolders.some((each) => tree.realPath(each) !== null)) return null
  const isEmpty = tree.list(folder).length === 0
  if (!isEmpty && !(isCritical(name) && requireFolders.length > 0)) return null
  return {
    code: 'GEM_INCOMPLETE',
    gem: name,
    evidence: isEmpty ? [{ what: 'is empty', where: folder }] : requireFolders.map((where) => ({ what: 'does not exist', where })),
    explanation: `${name} ${version} is installed in part: ${isEmpty ? 'its folder is empty' : 'the Ruby code in its folder is gone'}.`,
    mend: { tag: 'Rebuild' },
  }
}

/** What the specification promises and is not there; null when nothing is missing. */
function whatLacks({ name, version, folder, specPath, lacks }: InstalledGem): Observation | null {
  switch (lacks) {
    case null:
      return null
    case 'folder':
      return {
        code: 'GEM_INCOMPLETE',
        gem: name,
        evidence: [
          { what: 'its specification is there', where: specPath },
          { what: 'does not exist', where: folder },
        ],
        explanation: `${name} ${version} is installed in part: its folder is gone.`,
        mend: { tag: 'Rebuild' },
      }
    case 'files':
      return {
        code: 'EXTENSION_ABSENT',
        gem: name,
        evidence: [{ what: 'states native code, of which no file is there', where: specPath }],
        explanation: `The compiled files of ${name} ${version} are gone.`,
        mend: { tag: 'Rebuild' },
      }
    case 'trace':
      return withoutTrace({ name, specPath })
  }
}
