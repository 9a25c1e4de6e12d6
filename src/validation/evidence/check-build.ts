import { posix } from 'node:path'
import type { FileTree } from '../files/file-tree.ts'
import type { GemExtensions } from '../gems/extension.ts'
import type { Observation } from '../observation.ts'
import type { Runtime } from '../runtime/runtime.ts'

/** What the folders of one gem show before any file of it is opened. */
export function checkBuild(
  tree: FileTree,
  { gem, loaded, otherMinors, buildComplete, builtFolder, builtForOthers }: GemExtensions,
  runtime: Runtime,
): Observation[] {
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
  if (otherMinors.length > 0)
    return [
      {
        code: 'PRECOMPILED_FOR_OTHERS',
        gem: gem.name,
        evidence: [{ what: `holds files for Ruby ${otherMinors.join(', ')}, none for ${runtime.minor}`, where: gem.folder }],
        explanation: `${gem.fullName} is precompiled for Ruby ${otherMinors.join(', ')}, not for ${runtime.minor}.`,
        mend: { tag: 'SourceBuild' },
      },
    ]
  if (buildComplete === true && loaded.length === 0 && builtFolder !== null && onceHadFiles(tree, builtFolder))
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

/** Some gems declare an extension only to run a script at install; the log of the build tells whether a library was linked. */
function onceHadFiles(tree: FileTree, builtFolder: string): boolean {
  const log = tree.text(posix.join(builtFolder, 'gem_make.out'))
  return log !== null && /linking shared-object \S+|-shared\b.*-o \S+\.(?:so|bundle)/.test(log)
}
