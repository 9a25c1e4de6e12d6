import { expect, test } from 'vitest'
import { madeRuntime } from '../../../test/support/made-runtime.ts'
import { memoryTree } from '../../../test/support/memory-tree.ts'
import { readGemfileGems } from '../../formats/gemfile/read-gemfile-gems.ts'
import { readGemfileLock } from '../../formats/gemfile-lock/read-gemfile-lock.ts'
import { readBundleSettings } from './app-bundle.ts'
import { searchFolders } from './search-folders.ts'
import { wantedByLock } from './wanted-gems.ts'

const system = '/var/lib/gems/3.1.0'
const debian = '/usr/share/rubygems-integration/all'
const runtime = madeRuntime(
  [system, debian],
  { rubylibprefix: '/usr/lib/ruby', vendorarchdir: '/usr/lib/x86_64-linux-gnu/ruby/vendor_ruby/3.1.0' },
  '/usr/bin/ruby3.1',
)

/** Searches for the gems of a Gemfile that has one of them in a group; `installed`: folders and the gems in them. */
function search(
  installed: Readonly<Record<string, readonly string[]>>,
  names: readonly string[],
  files: Readonly<Record<string, string>> = {},
) {
  const specs = Object.entries(installed).flatMap(([home, gems]) => gems.map((gem) => [`${home}/specifications/${gem}-1.0.gemspec`, '']))
  const gemfile = `${names.map((name) => `gem "${name}"\n`).join('')}gem "byebug", group: :development\n`
  const all = ['byebug', ...names].map((name) => `    ${name} (1.0)\n`)
  const lock = readGemfileLock(`GEM\n  remote: x\n  specs:\n${all.join('')}\nPLATFORMS\n  ruby\n\nDEPENDENCIES\n`)
  if (lock.tag !== 'Lock') throw new Error(lock.why)
  const tree = memoryTree(new Map([...specs, ['/srv/app/Gemfile', gemfile], ...Object.entries(files)] as [string, string][]))
  const found = searchFolders(tree, wantedByLock(lock, readGemfileGems(gemfile)), readBundleSettings(tree, '/srv/app', {}), runtime)
  return { isAll: found.isAll, homes: names.map((name) => found.specs.get(`${name}-1.0`)?.home ?? null) }
}

test('what a distribution or Ruby brought along does not stand for the bundle', () => {
  const bundle = '/data/bundle/ruby/3.1.0'
  expect(search({ [debian]: ['rake'], [bundle]: ['rake', 'pg'] }, ['rake', 'pg'])).toEqual({ isAll: true, homes: [bundle, bundle] })
  expect(search({ [debian]: ['rake'] }, ['rake', 'pg'])).toEqual({ isAll: true, homes: [debian, null] })
})

test('the place with the most of the needed gems comes first, the usual ones where there is a tie', () => {
  const vendored = '/srv/app/vendor/bundle/ruby/3.1.0'
  expect(search({ [system]: ['pg'], [vendored]: ['pg', 'puma'] }, ['pg', 'puma']).homes).toEqual([vendored, vendored])
  expect(search({ [system]: ['pg', 'puma'], [vendored]: ['pg', 'puma', 'byebug'] }, ['pg', 'puma']).homes).toEqual([system, system])
})

test("a folder that only the user's own file names comes first, and the lost environment may have named another", () => {
  const user = { '/root/.bundle/config': 'BUNDLE_PATH: "/root/bundle"\n' }
  const named = '/root/bundle/ruby/3.1.0'
  expect(search({ [system]: ['pg'], [named]: ['pg'] }, ['pg'], user).homes).toEqual([named])
  expect(search({ '/bundle/ruby/3.1.0': ['pg'] }, ['pg'], user)).toEqual({ isAll: true, homes: ['/bundle/ruby/3.1.0'] })
})

test('a folder that the app names hides what came with Ruby, but for the default gems', () => {
  const own = { '/srv/app/.bundle/config': 'BUNDLE_PATH: "vendor/bundle"\n' }
  const bundled = '/usr/lib/ruby/gems/3.1.0'
  const vendored = '/srv/app/vendor/bundle/ruby/3.1.0'
  const byDefault = { ...own, [`${bundled}/specifications/default/json-1.0.gemspec`]: '' }
  expect(search({ [bundled]: ['debug'], [vendored]: ['pg'] }, ['debug', 'json', 'pg'], byDefault).homes).toEqual([null, bundled, vendored])
})
