import { posix } from 'node:path'
import type { FileTree } from '../files/file-tree.ts'
import type { Extension, GemExtensions } from '../gems/extension.ts'
import { withElf } from '../libraries/with-elf.ts'
import type { Claim } from './claim.ts'
import { readBuildLogs, readMakefiles } from './read-build-logs.ts'
import { readClaims } from './read-claims.ts'
import { kinshipOf, type Kinship } from './same-build.ts'
import type { Workbench } from './workbench.ts'

/**
 * What the folders of finished builds add about a file that says nothing itself. A file equal to the copy built for another Ruby,
 * and not to the one of this Ruby, was overwritten by that build. A copy of the same link that kept its debug information speaks for both.
 */
export function compareCopies(bench: Workbench, extension: Extension, gem: GemExtensions, known: readonly Claim[]): Claim[] {
  const { tree, runtime } = bench
  const name = `${extension.feature}.${runtime.extensionSuffix}`
  const silent = known.every(({ by }) => by === 'place')
  const kinship = kinshipWithBuilt(tree, extension, gem, name)
  if (kinship !== 'bytes' && silent) {
    const overwritten = gem.builtForOthers
      .map(({ abi, folder }) => ({ abi, where: posix.join(folder, name) }))
      .filter(({ where }) => kinshipOf(tree, extension.path, where) === 'bytes')
    if (overwritten.length > 0) return overwritten.map(({ abi, where }) => equalToOther(abi, where))
  }
  if (kinship === 'none' || gem.builtFolder === null)
    return silent ? readMakefiles(tree, gem.gem.folder, extension.feature, runtime.minor) : []
  return [
    { minor: runtime.minor, by: 'place', what: `built in the folder of ${runtime.extensionAbi}`, where: gem.builtFolder },
    ...readBuildLogs(tree, gem.builtFolder, runtime.minor),
    ...(kinship === 'link' ? claimsOfTwin(bench, { ...extension, path: posix.join(gem.builtFolder, name) }) : []),
  ]
}

function kinshipWithBuilt(tree: FileTree, extension: Extension, { builtFolder }: GemExtensions, name: string): Kinship {
  if (extension.inExtensionFolder) return 'bytes'
  return builtFolder === null ? 'none' : kinshipOf(tree, extension.path, posix.join(builtFolder, name))
}

function equalToOther(abi: string, where: string): Claim {
  return { minor: abi.replace(/^(\d+\.\d+).*$/, '$1'), by: 'file', what: `equal to the copy built for ${abi}`, where }
}

function claimsOfTwin({ tree }: Workbench, twin: Extension): Claim[] {
  const claims = withElf(tree, twin.path, (elf) => readClaims(twin, elf)) ?? []
  return claims.filter(({ by }) => by === 'file').map((claim) => ({ ...claim, what: `${claim.what}, in a copy with the same build id` }))
}
