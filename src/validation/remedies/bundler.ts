import { posix } from 'node:path'
import { ofRuby } from './command-line.ts'
import type { Place } from './place.ts'

/** Bundler's commands for the judged Ruby; where it has no Bundler, that comes first. */
export function withBundler(place: Place, ...commands: readonly string[]): string[] {
  const { tree, runtime, typist } = place
  const folders = [posix.dirname(runtime.rubyPath), ...typist.path]
  const isThere = folders.some((folder) => tree.facts(posix.join(folder, 'bundle')) !== null)
  return [...(isThere ? [] : ['gem install bundler']), ...commands].map((line) => ofRuby(place, line))
}
