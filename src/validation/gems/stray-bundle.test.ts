import { expect, test } from 'vitest'
import { memoryTree } from '../../../test/support/memory-tree.ts'
import { findStrayBundle } from './stray-bundle.ts'

const wanted = new Set(['pg-1.5.9', 'bcrypt-3.1.20'])
const find = (paths: readonly string[]) => findStrayBundle(memoryTree(new Map(paths.map((path) => [path, '']))), wanted, '/srv/a', '3.1.0')

test.each([
  ['as BUNDLE_PATH names it', '/srv/shared/x/bundle', ['/srv/shared/x/bundle/ruby/3.1.0/specifications/pg-1.5.9.gemspec']],
  ['as GEM_HOME names it', '/opt/gems', ['/opt/gems/specifications/pg-1.5.9.gemspec']],
  ['for another Ruby', '/data', ['/data/ruby/2.7.0/specifications/pg-1.5.9.gemspec']],
  ['in the app', '/srv/a/deps', ['/srv/a/Gemfile', '/srv/a/deps/ruby/3.1.0/specifications/pg-1.5.9.gemspec']],
])('a bundle %s is found', (_, folder, paths) => {
  expect(find(paths)).toBe(folder)
})

test('the one with the most of the wanted gems is taken', () => {
  const both = ['pg-1.5.9', 'bcrypt-3.1.20'].map((name) => `/opt/b/specifications/${name}.gemspec`)
  expect(find(['/opt/a/specifications/pg-1.5.9.gemspec', ...both, '/opt/c/specifications/bcrypt-3.1.20.gemspec'])).toBe('/opt/b')
})

test('that of another app, of the system, and one without any of the gems are not', () => {
  const other = ['/srv/b/Gemfile', '/srv/b/vendor/bundle/ruby/3.1.0/specifications/pg-1.5.9.gemspec']
  expect(find([...other, '/usr/lib/x/specifications/pg-1.5.9.gemspec', '/opt/specifications/pg-1.5.4.gemspec'])).toBeNull()
})
