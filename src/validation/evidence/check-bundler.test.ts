import { expect, test } from 'vitest'
import { madeRuntime } from '../../../test/support/made-runtime.ts'
import { memoryTree } from '../../../test/support/memory-tree.ts'
import { readGemfileLock } from '../../formats/gemfile-lock/read-gemfile-lock.ts'
import { readBundleSettings } from '../gems/app-bundle.ts'
import { checkBundler } from './check-bundler.ts'

const packaged = '/usr/share/rubygems-integration/all'
const strict = { '/usr/lib/ruby/vendor_ruby/rubygems/bundler_version_finder.rb': 'def self.missing_version_message\n' }
const bundlers = {
  [`${packaged}/specifications/bundler-2.2.5.gemspec`]: '',
  '/usr/lib/ruby/gems/2.7.0/specifications/default/bundler-2.1.4.gemspec': '',
}

function check(bundledWith: string, files: Readonly<Record<string, string>>, minor = '7') {
  const lock = readGemfileLock(`BUNDLED WITH\n   ${bundledWith}\n`)
  if (lock.tag !== 'Lock') throw new Error(lock.why)
  const tree = memoryTree(new Map(Object.entries({ '/app/Gemfile': '', ...files })))
  const ruby = { MAJOR: minor === '7' ? '2' : '3', MINOR: minor, TEENY: '4', ruby_version: '2.7.0', rubylibprefix: '/usr/lib/ruby' }
  return checkBundler(tree, lock, readBundleSettings(tree, '/app', {}), madeRuntime([packaged], ruby))
}

test('an older RubyGems starts no Bundler of another major version than the one that wrote the lock', () => {
  expect(check('4.0.1', { ...strict, ...bundlers })).toMatchObject([
    {
      code: 'BUNDLER_ABSENT',
      evidence: [{ what: 'BUNDLED WITH 4.0.1; installed is 2.2.5, 2.1.4', where: '/app/Gemfile.lock' }, {}],
      mend: { tag: 'Bundler', path: '/app/Gemfile.lock' },
    },
  ])
  expect(check('1.17.3', { ...strict, ...bundlers })).toHaveLength(1)
})

test('one of the same major version, a newer RubyGems, or a Bundler that nobody saw speaks against it', () => {
  expect(check('2.6.9', { ...strict, ...bundlers })).toEqual([])
  expect(check('4.0.1', { ...strict, ...bundlers }, '1')).toEqual([])
  expect(check('4.0.1', { ...strict, ...bundlers, '/usr/lib/ruby/site_ruby/2.7.0/rubygems/bundler_version_finder.rb': '' })).toEqual([])
  expect(check('4.0.1', strict)).toEqual([])
})
