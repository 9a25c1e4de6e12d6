import { expect, test } from 'vitest'
import { memoryTree } from '../../../test/support/memory-tree.ts'
import { findStrayBundle } from './stray-bundle.ts'

const wanted = new Set(['pg-1.5.9', 'bcrypt-3.1.20'])
const nameOf = (fullName: string) => (wanted.has(fullName) ? fullName : null)
const find = (paths: readonly string[]) =>
  findStrayBundle(memoryTree(new Map(paths.map((path) => [path, '']))), nameOf, 1, '/srv/a', '3.1.0')

test.each([
  ['as BUNDLE_PATH names it', '/srv/shared/x/bundle', ['/srv/shared/x/bundle/ruby/3.1.0/specifications/pg-1.5.9.gemspec']],
  ['as GEM_HOME names it', '/opt/gems', ['/opt/gems/specifications/pg-1.5.9.gemspec']],
  ['for another Ruby', '/data', ['/data/ruby/2.7.0/specifications/pg-1.5.9.gemspec']],
  ['in a hidden folder', '/home/app/.bundles', ['/home/app/.bundles/ruby/3.1.0/specifications/pg-1.5.9.gemspec']],
  ['of the repository that the app is in', '/srv/deps', ['/srv/Gemfile', '/srv/deps/specifications/pg-1.5.9.gemspec']],
  ['in the app', '/srv/a/deps', ['/srv/a/Gemfile', '/srv/a/deps/ruby/3.1.0/specifications/pg-1.5.9.gemspec']],
])('a bundle %s is found', (_, folder, paths) => {
  expect(find(paths)).toEqual({ folder, isOnly: true })
})

test('the one with the most of the wanted gems is taken', () => {
  const both = ['pg-1.5.9', 'bcrypt-3.1.20'].map((name) => `/opt/b/specifications/${name}.gemspec`)
  const found = find(['/opt/a/specifications/pg-1.5.9.gemspec', ...both, '/opt/c/specifications/bcrypt-3.1.20.gemspec'])
  expect(found.folder).toBe('/opt/b')
})

test('one deep below, as hosters lay out their customers, is found', () => {
  const folder = '/var/www/vhosts/shop.example/apps/shop/shared/bundle'
  expect(find([`${folder}/ruby/3.1.0/specifications/pg-1.5.9.gemspec`])).toEqual({ folder, isOnly: true })
})

test('what holds less of it than wanted is no bundle of this app, and none of another', () => {
  const tools = memoryTree(
    new Map([
      ['/opt/tool/specifications/pg-1.5.9.gemspec', ''],
      ['/srv/b/Gemfile', ''],
      ['/srv/b/specifications/pg-1.5.9.gemspec', ''],
    ]),
  )
  expect(findStrayBundle(tools, nameOf, 2, '/srv/a', '3.1.0')).toEqual({ folder: null, isOnly: true })
})

test('where there is none, that is sure, unless another app has one', () => {
  expect(find(['/opt/specifications/pg-1.5.4.gemspec'])).toEqual({ folder: null, isOnly: true })
  const other = ['/srv/b/Gemfile', '/srv/b/vendor/bundle/ruby/3.1.0/specifications/pg-1.5.9.gemspec']
  expect(find(other)).toEqual({ folder: null, isOnly: false })
})
