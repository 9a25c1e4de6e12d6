import { expect, test } from 'vitest'
import { memoryTree } from '../../../test/support/memory-tree.ts'
import { glob } from './glob.ts'

const tree = memoryTree(
  new Map(['/g/a.gemspec', '/g/.gemspec', '/g/one/b.gemspec', '/g/one/two/c.gemspec', '/g/[x]/d.rb'].map((path) => [path, ''])),
)

test.each([
  ['*.gemspec', ['/g/a.gemspec']],
  ['{,*,*/*}.gemspec', ['/g/.gemspec', '/g/a.gemspec', '/g/one/b.gemspec']],
  ['**/?.gemspec', ['/g/a.gemspec', '/g/one/b.gemspec', '/g/one/two/c.gemspec']],
  ['one/{two,three}/c.gemspec', ['/g/one/two/c.gemspec']],
  ['./[x]/*.{rb,txt}', ['/g/[x]/d.rb']],
  ['none/*', []],
])('%s stands for what is there, without names that begin with a dot', (pattern, paths) => {
  expect(glob(tree, '/g', pattern)).toEqual(paths)
})
