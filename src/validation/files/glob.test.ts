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
  ['*', ['/g/[x]', '/g/a.gemspec', '/g/one']],
  ['*e*.g*c', []],
  ['?.*s*c', ['/g/a.gemspec']],
  ['{x,{a,{b}}}.gemspec', ['/g/a.gemspec']],
])('%s stands for what is there, without names that begin with a dot', (pattern, paths) => {
  expect(glob(tree, '/g', pattern)).toEqual(paths)
})

test.each(['*a'.repeat(60), '{a,b}'.repeat(1_000), '{'.repeat(8_000), '{a,'.repeat(2_000) + '}'.repeat(2_000)])(
  'what nobody wrote by hand takes no longer: %j',
  (pattern) => {
    expect(glob(memoryTree(new Map([[`/g/${'a'.repeat(250)}`, '']])), '/g', `${pattern}b`)).toEqual([])
  },
)
