import { posix } from 'node:path'
import { readLoaderCache, type LoaderCache, type MalformedLoaderCache } from '../../formats/ld-so/read-loader-cache.ts'
import { readLoaderConfig, readMuslPath } from '../../formats/ld-so/read-loader-config.ts'
import type { FileTree } from '../files/file-tree.ts'
import { glob } from '../files/glob.ts'

export type Libc = 'glibc' | 'musl'

export interface LoaderFolders {
  /** LD_LIBRARY_PATH. */
  readonly before: readonly string[]
  readonly cached: ReadonlyMap<string, readonly string[]>
  /** Folders that are searched when nothing else helped. */
  readonly after: readonly string[]
  /** musl's loader, which is its C library too. */
  readonly muslLoader: string | null
  /** Why `ld.so.cache` can't be understood; null when it can, or isn't there. glibc itself says nothing of it. */
  readonly cacheTrouble: string | null
}

const maxCacheBytes = 16 * 1024 * 1024
const maxConfigFiles = 200

/** `interpreter`: the loader that Ruby itself names; a system may hold those of several processors. */
export function loaderFolders(
  tree: FileTree,
  libc: Libc,
  env: Readonly<Record<string, string>>,
  interpreter: string | null = null,
): LoaderFolders {
  const before = (env['LD_LIBRARY_PATH'] ?? '').split(/[:;]/).filter((folder) => folder.startsWith('/'))
  if (libc === 'musl') {
    const named = /^\/lib\/(ld-musl-[^/]*\.so\.1)$/.exec(interpreter ?? '')?.[1] ?? null
    const loader = named ?? tree.list('/lib').find(({ name }) => /^ld-musl-.*\.so\.1$/.test(name))?.name ?? null
    const arch = loader === null ? '' : loader.slice('ld-musl-'.length, -'.so.1'.length)
    const path = tree.text(`/etc/ld-musl-${arch}.path`)
    const after = path === null ? ['/lib', '/usr/local/lib', '/usr/lib'] : readMuslPath(path)
    return { before, cached: new Map(), after, muslLoader: loader === null ? null : `/lib/${loader}`, cacheTrouble: null }
  }
  const cache = readCache(tree)
  const cached = cache?.tag === 'Cache' ? cache.libraries : null
  return {
    before,
    cached: cached ?? new Map(),
    after: [...(cached === null ? configuredFolders(tree) : []), ...trusted(tree)],
    muslLoader: null,
    cacheTrouble: cache?.tag === 'Malformed' ? `offset ${cache.offset}: ${cache.why}` : null,
  }
}

export const cachePath = '/etc/ld.so.cache'

function readCache(tree: FileTree): LoaderCache | MalformedLoaderCache | null {
  const file = tree.open(cachePath)
  if (file === null) return null
  try {
    return readLoaderCache(file.read(0, Math.min(file.size, maxCacheBytes)))
  } finally {
    file.close()
  }
}

/** Folders of `ld.so.conf`: what the cache would have been made from. */
export function configuredFolders(tree: FileTree): string[] {
  const folders: string[] = []
  const queue = ['/etc/ld.so.conf']
  for (let path = queue.shift(), read = 0; path !== undefined && read < maxConfigFiles; path = queue.shift(), read += 1) {
    const config = readLoaderConfig(tree.text(path) ?? '')
    folders.push(...config.folders)
    const base = posix.dirname(path)
    for (const include of config.includes) queue.push(...glob(tree, '/', posix.resolve(base, include)))
  }
  return folders
}

/** Folders that glibc was built with; Debian's hold the multiarch triplet. */
function trusted(tree: FileTree): string[] {
  const triplets = tree
    .list('/usr/lib')
    .map(({ name }) => name)
    .filter((name) => /-linux-gnu/.test(name))
  const multiarch = triplets.flatMap((triplet) => [`/lib/${triplet}`, `/usr/lib/${triplet}`])
  return [...multiarch, '/lib64', '/usr/lib64', '/lib', '/usr/lib']
}
