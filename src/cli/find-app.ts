import { posix } from 'node:path'
import type { FileTree } from '../validation/files/file-tree.ts'

/** Where images keep their app; the first with a lock is taken when nobody says. */
const usualApps = ['/app', '/rails', '/srv/app', '/usr/src/app', '/opt/app', '/home/app', '/var/www/app', '/code', '/workspace', '/']
/** Folders whose folders are apps, or homes of users who hold some (Capistrano's `current` among them). */
const parents = ['/srv', '/var/www', '/home', '/opt', '/usr/src']
const maxEntries = 200

/** The app of an unpacked file system, by its lock; `/` when there is none. Links are followed inside the tree only. */
export function findApp(tree: FileTree): string {
  const has = (folder: string) => ['Gemfile.lock', 'gems.locked'].some((name) => tree.kind(posix.join(folder, name)) === 'file')
  const below = (folder: string) =>
    tree
      .list(folder)
      .slice(0, maxEntries)
      .filter(({ kind }) => kind !== 'file')
      .map(({ name }) => posix.join(folder, name))
  const first = parents.flatMap(below)
  return usualApps.find(has) ?? first.find(has) ?? first.flatMap(below).find(has) ?? first.flatMap(below).flatMap(current).find(has) ?? '/'
}

function current(folder: string): string[] {
  return [posix.join(folder, 'current')]
}
