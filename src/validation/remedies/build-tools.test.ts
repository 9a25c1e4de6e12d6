import { expect, test } from 'vitest'
import { home, put, remedy } from '../../../test/support/remedy-scene.ts'
import type { InstalledGem } from '../gems/installed-gem.ts'

const rebuild = { tag: 'Rebuild' } as const
const slim = { compiler: false } as const
const gem = (name: string, version = '1.0'): Partial<InstalledGem> => {
  put(`${home}/cache/${name}-${version}.gem`)
  return { name, version, fullName: `${name}-${version}` }
}

test.each([
  ['debian', 'apt-get install -y build-essential ruby3.1-dev libpq-dev'],
  ['alpine', 'apk add build-base ruby-dev libpq-dev'],
  ['fedora', 'dnf install -y gcc gcc-c++ make redhat-rpm-config ruby-devel libpq-devel'],
] as const)('what a gem is compiled with comes first, where no compiler is: %s', (system, first) => {
  expect(remedy(rebuild, { ...slim, system }, gem('pg'))).toEqual([first, 'bundle pristine pg'])
  expect(remedy({ tag: 'Build' }, { ...slim, system }, gem('pg'))).toEqual([first, 'bundle install'])
})

test("Ruby's headers are there already where no package brought it", () => {
  put('/usr/local/bundle/config')
  const lines = remedy(rebuild, { ...slim, ruby: '/usr/local/bin/ruby' }, gem('bcrypt'))
  expect(lines).toEqual(['apt-get install -y build-essential', 'bundle pristine bcrypt'])
})

test('nothing more is needed for a precompiled gem, one of a package, or beside a compiler', () => {
  expect(remedy(rebuild, slim, { ...gem('pg'), platform: 'x86_64-linux' })).toEqual(['bundle pristine pg'])
  expect(remedy(rebuild, {}, gem('pg'))).toEqual(['bundle pristine pg'])
  const specPath = '/usr/share/rubygems-integration/all/specifications/pg-1.0.gemspec'
  expect(remedy(rebuild, slim, { ...gem('pg'), specPath })).toEqual(['apt-get install --reinstall -y ruby-pg'])
})

test('nokogiri unpacks the sources that it brings along', () => {
  expect(remedy({ tag: 'SourceBuild' }, {}, gem('nokogiri'))[0]).toBe('apt-get install -y xz-utils patch')
  put('/srv/my app/Gemfile.lock', 'GEM\n  specs:\n    nokogiri (1.15.7-x86_64-linux)\n')
  expect(remedy({ tag: 'SourceBuild' }, {}, gem('pg'))[0]).toBe('apt-get install -y xz-utils patch')
  put('/usr/bin/xz')
  expect(remedy(rebuild, {}, gem('nokogiri'))).toEqual(['bundle pristine nokogiri'])
})

test('a Bundler that would take the precompiled gem all the same is replaced first', () => {
  expect(remedy({ tag: 'SourceBuild' }, {}, gem('pg'))[0]).toBe('bundle config set --local force_ruby_platform true')
  put('/gems/3.1.0/specifications/default/bundler-2.2.5.gemspec')
  expect(remedy({ tag: 'SourceBuild' }, {}, gem('pg'))[0]).toBe('gem install bundler --version 2.4.22')
})
