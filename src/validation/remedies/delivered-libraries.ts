import { posix } from 'node:path'
import type { FileTree } from '../files/file-tree.ts'
import { readDpkgStatus, type DpkgStatus } from './dpkg-status.ts'

/** Which libraries the packages of a distribution delivered, as its own database lists them. */
export interface Delivered {
  /** The package that delivered a file, or the link that the file stands for (`libstdc++.so.6` for `libstdc++.so.6.0.28`). */
  readonly ownerOf: (path: string) => string | null
  /** The package that delivered a library of that name, though its file may be gone. */
  readonly holderOf: (name: string) => string | null
  readonly status: DpkgStatus
}

const dpkgFolder = '/var/lib/dpkg/info'
const apkDatabase = '/lib/apk/db/installed'
const known = new WeakMap<FileTree, Delivered>()

/** Reads the whole database once, which is worth it only where a library is lost. `cpu` is Ruby's (`x86_64`). */
export function readDelivered(tree: FileTree, system: 'debian' | 'alpine', cpu: string): Delivered {
  const read = known.get(tree) ?? toDelivered(tree, system === 'debian' ? dpkgFiles(tree) : apkFiles(tree), cpu)
  known.set(tree, read)
  return read
}

type Listed = readonly { readonly path: string; readonly owner: string }[]

function toDelivered(tree: FileTree, files: Listed, cpu: string): Delivered {
  const mine = files.filter(({ path }) => (/\/(\w+)-linux-gnu/.exec(path)?.[1] ?? cpu) === cpu)
  const byPath = new Map(mine.map(({ path, owner }) => [withoutUsr(path), owner]))
  const byName = new Map(mine.map(({ path, owner }) => [posix.basename(path), owner]))
  const ownerOf = (path: string): string | null => {
    const owner = byPath.get(withoutUsr(path))
    if (owner !== undefined) return owner
    const shorter = path.replace(/\.\w+$/, '')
    return /\.so\.\w/.test(shorter) ? ownerOf(shorter) : null
  }
  return { ownerOf, holderOf: (name) => byName.get(name) ?? null, status: readDpkgStatus(tree) }
}

/** A merged `/usr` has each file under two names, and dpkg knows it by the older one. */
function withoutUsr(path: string): string {
  return path.replace(/^\/usr\//, '/')
}

function dpkgFiles(tree: FileTree): Listed {
  return tree
    .list(dpkgFolder)
    .filter(({ name }) => name.endsWith('.list'))
    .flatMap(({ name }) => {
      const owner = name.replace(/(?::\w+)?\.list$/, '')
      const lines = (tree.text(posix.join(dpkgFolder, name)) ?? '').split('\n')
      return lines.filter(isLibrary).map((path) => ({ path, owner }))
    })
}

/** apk's database: a paragraph for each package, `P:` its name, `F:` a folder, `R:` a file in it (wiki.alpinelinux.org, "Apk spec"). */
function apkFiles(tree: FileTree): Listed {
  return (tree.text(apkDatabase) ?? '').split('\n\n').flatMap((paragraph) => {
    const owner = /^P:(.+)$/m.exec(paragraph)?.[1] ?? ''
    let folder = ''
    return paragraph.split('\n').flatMap((line) => {
      if (line.startsWith('F:')) folder = `/${line.slice(2)}`
      return line.startsWith('R:') && isLibrary(line) ? [{ path: posix.join(folder, line.slice(2)), owner }] : []
    })
  })
}

function isLibrary(path: string): boolean {
  return /\.so(?:\.|$)/.test(path)
}
