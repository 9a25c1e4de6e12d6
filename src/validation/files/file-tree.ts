import type { ByteSource } from '../../formats/elf/byte-source.ts'

export type EntryKind = 'file' | 'folder' | 'link' | 'other'

/** What a path leads to once every link is followed. */
export type Kind = Exclude<EntryKind, 'link'>

export interface FileFacts {
  readonly kind: Kind
  readonly size: number
  readonly mtimeMs: number
  readonly inode: number
}

export interface OpenFile extends ByteSource {
  close(): void
}

/** Why a path that is there could not be used. */
export interface FileTrouble {
  readonly path: string
  /** `EACCES`, `ELOOP`, `EIO`, … */
  readonly errno: string
}

/**
 * A file system to look at: this machine's, an unpacked root, later a layered archive.
 * Paths are absolute and the tree's own (`/usr/bin/ruby` also in a root); links are followed inside the tree only. Nothing throws:
 * what is missing reads as null, what is there but can't be used is told once in `troubles`.
 */
export interface FileTree {
  /** The path with every link followed; null when nothing is there. */
  realPath(path: string): string | null
  /** What a path leads to; null when nothing is there. */
  kind(path: string): Kind | null
  facts(path: string): FileFacts | null
  /** Names in a folder, sorted; empty when it is none. */
  list(path: string): readonly { readonly name: string; readonly kind: EntryKind }[]
  /** The same names alone, in no order: what there is to know of each costs more than the names. */
  names(path: string): readonly string[]
  /** A text file; null when missing. Longer ones are cut at `maxBytes`. */
  text(path: string, maxBytes?: number): string | null
  /** A regular file, to be closed by the caller; null when missing. */
  open(path: string): OpenFile | null
  /** Where the operator finds a path of this tree. */
  shown(path: string): string
  troubles(): readonly FileTrouble[]
}
