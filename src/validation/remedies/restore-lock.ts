import { posix } from 'node:path'
import { withBundler } from './bundler.ts'
import { typed } from './command-line.ts'
import type { Place } from './place.ts'

/**
 * The lock as it was last committed, brought up to date with the Gemfile: what Bundler itself advises amid a merge
 * (lib/bundler/lockfile_parser.rb). Elsewhere nobody but a person can tell which versions were meant.
 */
export function restoreLock(place: Place, path: string): string[] {
  if (isInGit(place, posix.dirname(path))) return [`git checkout HEAD -- ${typed(place, path)}`, ...withBundler(place, 'lock')]
  return [`Put back a ${posix.basename(path)} that was in use; without it, "bundle lock" chooses versions anew.`]
}

function isInGit(place: Place, folder: string): boolean {
  if (place.tree.facts(posix.join(folder, '.git')) !== null) return true
  return folder !== '/' && isInGit(place, posix.dirname(folder))
}
