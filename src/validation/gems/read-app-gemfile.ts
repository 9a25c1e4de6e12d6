import { posix } from 'node:path'
import { readGemfileGems, type GemfileGems } from '../../formats/gemfile/read-gemfile-gems.ts'
import type { Surroundings } from '../../formats/gemfile/surroundings.ts'
import type { FileTree } from '../files/file-tree.ts'

/** Far more than one Gemfile evaluates; each may be evaluated again. */
const maxFiles = 100

/** The gems that a Gemfile names, with those of the files that it evaluates. */
export function readAppGemfile(tree: FileTree, gemfilePath: string): GemfileGems {
  let budget = maxFiles
  const surroundings = (folder: string): Surroundings => ({
    evaluated: (path) => {
      budget -= 1
      const file = posix.resolve(folder, path)
      const text = budget < 0 ? null : tree.text(file)
      return text === null ? null : { text, around: surroundings(posix.dirname(file)) }
    },
    gemspecs: (path) =>
      tree
        .list(posix.resolve(folder, path))
        .filter(({ name }) => name.endsWith('.gemspec'))
        .map(({ name }) => tree.text(posix.resolve(folder, path, name)) ?? ''),
  })
  return readGemfileGems(tree.text(gemfilePath) ?? '', surroundings(posix.dirname(gemfilePath)))
}
