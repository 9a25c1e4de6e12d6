import { posix } from 'node:path'
import type { FileTree } from '../files/file-tree.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Extension, GemExtensions } from './extension.ts'
import type { InstalledGem } from './installed-gem.ts'
import { fitsPlatform, parts } from './platform.ts'

/** Deep enough for every gem of the field (grpc: 4); a loop of links ends here. */
const maxDepth = 8
/** More files than the largest gem has. */
const maxEntries = 50_000

/** The compiled files of a gem, and which of them this Ruby would load. */
export function findExtensions(tree: FileTree, gem: InstalledGem, runtime: Runtime): GemExtensions {
  const built = builtFolders(tree, gem, runtime)
  const mine = built.find(({ abi }) => abi === runtime.extensionAbi)?.folder ?? null
  const files = gem.packagedFiles ?? []
  const { mayHoldExtensions, hasCode } = glance(tree, gem, runtime)
  const all: Extension[] = [
    ...files.map((path) => toExtension(gem, path, gem.origin === 'default' ? runtime.archFolder : runtime.vendorArchFolder, false)),
    ...(mayHoldExtensions ? gem.requireFolders : []).flatMap((folder) => walk(tree, gem, folder, runtime, false)),
    ...(mine === null ? [] : walk(tree, gem, mine, runtime, true)),
  ]
  const fitting = all.filter(({ folderMinor }) => folderMinor === null || folderMinor === runtime.minor)
  const loaded = new Map<string, Extension>()
  const shadowed: Extension[] = []
  // Ruby passes over a link that leads nowhere and takes the next copy.
  const dangling = new Set(fitting.filter(({ path }) => tree.realPath(path) === null))
  for (const extension of preferVersioned(fitting).sort((one, other) => Number(dangling.has(one)) - Number(dangling.has(other))))
    if (loaded.has(extension.feature)) shadowed.push(extension)
    else loaded.set(extension.feature, extension)
  return {
    gem,
    hasCode,
    loaded: [...loaded.values()],
    shadowed,
    otherMinors: loaded.size > 0 ? [] : [...new Set(all.flatMap(({ folderMinor }) => (folderMinor === null ? [] : [folderMinor])))].sort(),
    builtFolder: mine,
    buildComplete: asksForMark(gem, loaded.size > 0) ? mine !== null && tree.kind(posix.join(mine, 'gem.build_complete')) !== null : null,
    builtForOthers: built.filter(({ abi }) => abi !== runtime.extensionAbi),
  }
}

/** RubyGems passes over a gem without the mark; Bundler puts a Git source on the load path all the same, whose own `lib` then serves. */
function asksForMark({ declaresExtensions, origin }: InstalledGem, hasFiles: boolean): boolean {
  return declaresExtensions && (origin === 'gem' || (origin === 'git' && !hasFiles))
}

/** A precompiled gem tries the file of this minor first (`lib/3.1/pg_ext.so`), the plain one only when that is missing. */
function preferVersioned(extensions: readonly Extension[]): Extension[] {
  const versioned = new Set(extensions.filter(({ folderMinor }) => folderMinor !== null).map(({ path }) => posix.basename(path)))
  return extensions.filter(({ folderMinor, path }) => folderMinor !== null || !versioned.has(posix.basename(path)))
}

/** Fedora's operating_system.rb keeps what is built of `/usr/share/gems` in `/usr/lib64/gems/ruby`. */
function builtFolders(tree: FileTree, gem: InstalledGem, runtime: Runtime): { abi: string; folder: string }[] {
  const root = gem.extensionsRoot
  if (root === null || (!gem.declaresExtensions && gem.origin !== 'git')) return []
  if (gem.home.endsWith('/share/gems')) {
    const fedora = `${gem.home.replace(/\/share\/gems$/, '/lib64/gems/ruby')}/${gem.fullName}`
    if (tree.kind(fedora) === 'folder') return [{ abi: runtime.extensionAbi, folder: fedora }]
  }
  return abiFolders(tree, root, runtime)
    .map(({ abi, folder, built }) => ({ abi, folder: `${folder}/${gem.fullName}`, isListed: built.has(gem.fullName) }))
    .filter(({ folder, isListed }) => isListed || tree.kind(folder) === 'folder')
}

interface AbiFolder {
  readonly abi: string
  readonly folder: string
  /** Full names of gems whose folder a listing shows; a link to one is not among them. */
  readonly built: ReadonlySet<string>
}

const abiFoldersOf = new WeakMap<FileTree, Map<string, readonly AbiFolder[]>>()

/** `extensions/x86_64-linux/3.1.0` and its siblings: the same for every gem of one home, so they are listed once for each tree. */
function abiFolders(tree: FileTree, root: string, runtime: Runtime): readonly AbiFolder[] {
  const ofTree = abiFoldersOf.get(tree) ?? new Map<string, readonly AbiFolder[]>()
  abiFoldersOf.set(tree, ofTree)
  const key = `${root} ${runtime.platform}`
  const known = ofTree.get(key)
  if (known !== undefined) return known
  const found = tree
    .list(root)
    .filter(({ name }) => isOwnPlatform(name, runtime.platform))
    .flatMap(({ name }) => tree.list(posix.join(root, name)).map(({ name: abi }) => toAbiFolder(tree, posix.join(root, name), abi)))
  ofTree.set(key, found)
  return found
}

function toAbiFolder(tree: FileTree, parent: string, abi: string): AbiFolder {
  const folder = posix.join(parent, abi)
  return { abi, folder, built: new Set(tree.list(folder).flatMap(({ name, kind }) => (kind === 'folder' ? [name] : []))) }
}

/** The folder bears RubyGems' own name of the platform, in which only `gnu` may be left out; a gem may name no C library at all. */
function isOwnPlatform(folder: string, local: string): boolean {
  return fitsPlatform(folder, local) && (parts(folder).libc ?? 'gnu') === (parts(local).libc ?? 'gnu')
}

/** A gem that states neither extensions nor a platform has none; its first two levels are looked at all the same. */
function glance(tree: FileTree, gem: InstalledGem, runtime: Runtime): { mayHoldExtensions: boolean; hasCode: boolean } {
  if (gem.declaresExtensions || gem.platform !== 'ruby' || gem.origin === 'git' || gem.origin === 'path')
    return { mayHoldExtensions: true, hasCode: false }
  if (gem.origin === 'default' || gem.origin === 'package') return { mayHoldExtensions: false, hasCode: false }
  const suffix = `.${runtime.extensionSuffix}`
  const isExtension = (name: string) => name.endsWith(suffix)
  let hasCode = false
  const mayHoldExtensions = gem.requireFolders.some((folder) => {
    const names = tree.names(folder)
    hasCode ||= names.length > 0
    return names.some(isExtension) || (names.includes(gem.name) && tree.names(`${folder}/${gem.name}`).some(isExtension))
  })
  return { mayHoldExtensions, hasCode }
}

function walk(tree: FileTree, gem: InstalledGem, top: string, runtime: Runtime, inExtensionFolder: boolean): Extension[] {
  const found: Extension[] = []
  const suffix = `.${runtime.extensionSuffix}`
  let budget = maxEntries
  const visit = (folder: string, depth: number) => {
    for (const { name, kind } of tree.list(folder)) {
      budget -= 1
      if (budget < 0) return
      if (kind === 'folder' && depth < maxDepth) visit(`${folder}/${name}`, depth + 1)
      else if (kind !== 'folder' && name.endsWith(suffix)) found.push(toExtension(gem, `${folder}/${name}`, top, inExtensionFolder))
    }
  }
  visit(top, 0)
  return found
}

function toExtension(gem: InstalledGem, path: string, top: string, inExtensionFolder: boolean): Extension {
  const inside = path.startsWith(`${top}/`) ? path.slice(top.length + 1) : posix.relative(top, path)
  const feature = inside.replace(/\.\w+$/, '')
  const folderMinor = /^\d+\.\d+$/.exec(posix.basename(posix.dirname(path)))?.[0] ?? null
  return { gem, path, feature, folderMinor, inExtensionFolder }
}
