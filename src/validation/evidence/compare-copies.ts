import { posix } from 'node:path'
import type { FileTree } from '../files/file-tree.ts'
import type { Extension, GemExtensions } from '../gems/extension.ts'
import type { Claim } from './claim.ts'
import { readBuildLogs } from './read-build-logs.ts'
import type { Workbench } from './workbench.ts'

const chunkBytes = 256 * 1024

/**
 * What the folders of finished builds add about a file that says nothing itself. A file equal to the copy built for another Ruby,
 * and not to the one of this Ruby, was overwritten by that build.
 */
export function compareCopies({ tree, runtime }: Workbench, extension: Extension, gem: GemExtensions, known: readonly Claim[]): Claim[] {
  const name = posix.join(`${extension.feature}.${runtime.extensionSuffix}`)
  const mine =
    extension.inExtensionFolder || (gem.builtFolder !== null && sameFile(tree, extension.path, posix.join(gem.builtFolder, name)))
  const place: Claim[] =
    mine && gem.builtFolder !== null
      ? [
          { minor: runtime.minor, by: 'place', what: `built in the folder of ${runtime.extensionAbi}`, where: gem.builtFolder },
          ...readBuildLogs(tree, gem.builtFolder, runtime.minor),
        ]
      : []
  if (mine || known.some(({ by }) => by !== 'place')) return place
  return gem.builtForOthers
    .filter(({ folder }) => sameFile(tree, extension.path, posix.join(folder, name)))
    .map(({ abi, folder }) => ({
      minor: abi.replace(/^(\d+\.\d+).*$/, '$1'),
      by: 'file' as const,
      what: `equal to the copy built for ${abi}`,
      where: posix.join(folder, name),
    }))
}

export function sameFile(tree: FileTree, one: string, other: string): boolean {
  const [first, second] = [tree.facts(one), tree.facts(other)]
  if (first === null || second === null || first.size !== second.size) return false
  if (tree.realPath(one) === tree.realPath(other)) return true
  const [left, right] = [tree.open(one), tree.open(other)]
  try {
    if (left === null || right === null) return false
    for (let at = 0; at < first.size; at += chunkBytes) {
      const length = Math.min(chunkBytes, first.size - at)
      if (!Buffer.from(left.read(at, length)).equals(right.read(at, length))) return false
    }
    return true
  } finally {
    left?.close()
    right?.close()
  }
}
