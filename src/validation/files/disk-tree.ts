import { closeSync, constants, fstatSync, lstatSync, openSync, readdirSync, readlinkSync, readSync, type Dirent, type Stats } from 'node:fs'
import { posix } from 'node:path'
import type { EntryKind, FileFacts, FileTree, FileTrouble, Kind, OpenFile } from './file-tree.ts'

/** Linux gives up after 40 links (path_resolution(7)). */
const maxLinks = 40
const maxTextBytes = 8 * 1024 * 1024
/** Where texts of the usual length are read to, one after the other. */
const textRoom = Buffer.alloc(64 * 1024)
const anybodyReads = 0o444
const absent: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR'])

/** A tree on disk. Links are followed here, not by the kernel: an absolute one begins again at `root`, `..` stops there. */
export class DiskTree implements FileTree {
  readonly #root: string
  /** Folders whose links are followed already. */
  readonly #folders = new Map<string, string | null>([['/', '/']])
  /** Regular files that a listing has shown. */
  readonly #files = new Set<string>()
  readonly #troubles = new Map<string, FileTrouble>()
  /** What the last `realPath` came to, unless that was known already: it needs no second look. */
  #seen: { readonly path: string; readonly stats: Stats } | null = null

  constructor(root: string | null) {
    this.#root = root === null || root === '/' ? '' : posix.resolve(root)
  }

  realPath(path: string): string | null {
    this.#seen = null
    const known = this.#folders.get(path)
    if (known !== undefined) return known
    if (this.#files.has(path)) return path
    const slash = path.lastIndexOf('/')
    const name = path.slice(slash + 1)
    const parent = name === '' || name === '.' || name === '..' ? undefined : this.#folders.get(path.slice(0, slash))
    // Nearly every path lies in a folder that is known: nothing in it is left to be resolved then.
    return parent === undefined ? this.#follow(posix.resolve('/', path), 0) : this.#step(path, parent, 0)
  }

  kind(path: string): Kind | null {
    const real = this.realPath(path)
    if (real === null) return null
    if (this.#files.has(real)) return 'file'
    if (this.#folders.get(real) === real) return 'folder'
    const stats = this.#statsOf(real)
    return stats === null ? null : kindOf(stats)
  }

  facts(path: string): FileFacts | null {
    const real = this.realPath(path)
    const stats = real === null ? null : this.#statsOf(real)
    return stats === null ? null : { kind: kindOf(stats), size: stats.size, mtimeMs: stats.mtimeMs, inode: stats.ino }
  }

  list(path: string): readonly { name: string; kind: EntryKind }[] {
    const real = this.realPath(path)
    if (real === null) return []
    try {
      const entries = readdirSync(this.shown(real), { withFileTypes: true })
      if (path === real) this.#note(real, entries)
      return entries
        .map((entry) => ({ name: entry.name, kind: entry.isSymbolicLink() ? ('link' as const) : kindOf(entry) }))
        .sort((one, other) => (one.name < other.name ? -1 : 1))
    } catch (error) {
      this.#tell(real, error)
      return []
    }
  }

  names(path: string): readonly string[] {
    // Without a root of its own the kernel follows the same links.
    const real = this.#root === '' ? path : this.realPath(path)
    if (real === null) return []
    try {
      return readdirSync(this.shown(real))
    } catch (error) {
      this.#tell(real, error)
      return []
    }
  }

  text(path: string, maxBytes = maxTextBytes): string | null {
    const file = this.open(path)
    if (file === null) return null
    try {
      const length = Math.min(maxBytes, file.size)
      if (length > textRoom.length) {
        const { buffer, byteOffset, byteLength } = file.read(0, length)
        return Buffer.from(buffer, byteOffset, byteLength).toString('utf8')
      }
      return textRoom.toString('utf8', 0, file.read(0, length, textRoom).length)
    } finally {
      file.close()
    }
  }

  open(path: string): OpenFile | null {
    const real = this.realPath(path)
    // Looked at before it is opened: a device may act on that, and whoever writes into a pipe would wake.
    if (real === null || !(this.#files.has(real) || this.#statsOf(real)?.isFile() === true)) return null
    let descriptor: number | null = null
    try {
      // Not blocking: what was a file a moment ago may be a pipe without a writer now.
      descriptor = openSync(this.shown(real), constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW)
      const stats = fstatSync(descriptor)
      // Root, who looks into an unpacked system, reads it all the same; whoever runs the app there most likely is another.
      if (this.#root !== '' && (stats.mode & anybodyReads) === 0) this.#troubles.set(real, { path: real, errno: 'EACCES' })
      else if (stats.isFile()) return this.#opened(real, descriptor, stats.size)
    } catch (error) {
      this.#tell(real, error)
    }
    if (descriptor !== null) closeSync(descriptor)
    return null
  }

  shown(path: string): string {
    return this.#root + path
  }

  troubles(): readonly FileTrouble[] {
    return [...this.#troubles.values()]
  }

  #opened(path: string, descriptor: number, size: number): OpenFile {
    return {
      size,
      read: (offset, length, room) => {
        const bytes = room ?? Buffer.allocUnsafe(length)
        try {
          return bytes.subarray(0, readSync(descriptor, bytes, 0, length, offset))
        } catch (error) {
          this.#tell(path, error)
          return bytes.subarray(0, 0)
        }
      },
      close: () => closeSync(descriptor),
    }
  }

  /** Whoever lists a folder goes on to what is in it: folders and regular files need no second look. */
  #note(folder: string, entries: readonly Dirent[]): void {
    const parent = folder === '/' ? '' : folder
    for (const entry of entries)
      if (entry.isDirectory()) this.#folders.set(`${parent}/${entry.name}`, `${parent}/${entry.name}`)
      else if (entry.isFile()) this.#files.add(`${parent}/${entry.name}`)
  }

  #follow(path: string, links: number): string | null {
    if (links > maxLinks) {
      this.#troubles.set(path, { path, errno: 'ELOOP' })
      return null
    }
    const known = this.#folders.get(path)
    if (known !== undefined) return known
    return this.#step(path, this.#follow(posix.dirname(path), links), links)
  }

  /** One name in a folder whose own links are followed. */
  #step(path: string, parent: string | null, links: number): string | null {
    if (parent === null) return null
    const here = `${parent === '/' ? '' : parent}${path.slice(path.lastIndexOf('/'))}`
    const stats = this.#lstat(here)
    if (stats === null) return null
    if (!stats.isSymbolicLink()) {
      this.#seen = { path: here, stats }
      if (stats.isDirectory()) this.#folders.set(path, here)
      return here
    }
    const target = this.#readLink(here)
    const real = target === null ? null : this.#follow(posix.resolve(parent, target), links + 1)
    this.#folders.set(path, real)
    return real
  }

  #statsOf(real: string): Stats | null {
    return this.#seen?.path === real ? this.#seen.stats : this.#lstat(real)
  }

  #readLink(path: string): string | null {
    try {
      return readlinkSync(this.shown(path))
    } catch (error) {
      this.#tell(path, error)
      return null
    }
  }

  #lstat(path: string): Stats | null {
    try {
      return lstatSync(this.shown(path), { throwIfNoEntry: false }) ?? null
    } catch (error) {
      this.#tell(path, error)
      return null
    }
  }

  #tell(path: string, error: unknown): void {
    const errno = error instanceof Error && 'code' in error ? String(error.code) : 'EIO'
    if (!absent.has(errno)) this.#troubles.set(path, { path, errno })
  }
}

function kindOf(entry: Dirent | Stats): Kind {
  return entry.isFile() ? 'file' : entry.isDirectory() ? 'folder' : 'other'
}
