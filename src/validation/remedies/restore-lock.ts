import { posix } from 'node:path'
import { withBundler } from './bundler.ts'
import { asWriter, typed } from './command-line.ts'
import type { Place } from './place.ts'

/** Drops what the other branch had in a conflict, and in Git's style `diff3` what both began with; then the first marker. */
const keepOurs = ['/^|\\{7\\}\\( \\|$\\)/,/^>\\{7\\}/d', '/^=\\{7\\}$/,/^>\\{7\\}/d', '/^<\\{7\\}/d']
  .map((rule) => `-e '${rule}'`)
  .join(' ')

/**
 * The lock as it was last committed, brought up to date with the Gemfile: what Bundler itself advises amid a merge
 * (lib/bundler/lockfile_parser.rb). Outside of Git our side of the conflict is the same. Elsewhere nobody but a person can tell which
 * versions were meant.
 */
export function restoreLock(place: Place, path: string): string[] {
  const folder = posix.dirname(path)
  if (isInGit(place, folder)) return [`git checkout HEAD -- ${typed(place, path)}`, ...withBundler(place, 'lock')]
  if (isAmidMerge(place.tree.text(path) ?? ''))
    return [asWriter(place, folder, `sed -i ${keepOurs} ${typed(place, path)}`), ...withBundler(place, 'lock')]
  return [`Put back a ${posix.basename(path)} that was in use; without it, "bundle lock" chooses versions anew.`]
}

function isInGit(place: Place, folder: string): boolean {
  if (place.tree.kind(posix.join(folder, '.git')) !== null) return true
  return folder !== '/' && isInGit(place, posix.dirname(folder))
}

/** Whether every conflict is whole: what a cut one had cannot be told. */
function isAmidMerge(text: string): boolean {
  const marks = [...text.matchAll(/^(?:<{7}|={7}|>{7})(?= |\r?$)/gm)].map(([mark]) => mark[0]).join('')
  return marks !== '' && /^(?:<=>)+$/.test(marks)
}
