import { expect, test } from 'vitest'
import { madeRuntime } from '../../../test/support/made-runtime.ts'
import { memoryTree } from '../../../test/support/memory-tree.ts'
import { readBundleSettings } from './app-bundle.ts'
import { findUnlockedGems } from './find-gems.ts'

/** `pg-1.5.9`, or with what it needs: `rails-7.1.3 > activesupport = 7.1.3 > rack >= 2`. */
function specification(written: string): readonly [string, string][] {
  const [fullName = '', ...needs] = written.split(' > ')
  const [, name, version, platform = 'ruby'] = /^(.+?)-(\d[^-]*)(?:-(.+))?$/.exec(fullName) ?? []
  const lines = needs.map((need) => {
    const [other, ...parts] = need.split(' ')
    return `  s.add_runtime_dependency(%q<${other}>.freeze, ["${parts.join(' ')}".freeze])\n`
  })
  return [
    [
      `/gems/specifications/${fullName}.gemspec`,
      `# stub: ${name} ${version} ${platform} lib\n\nGem::Specification.new do |s|\n${lines.join('')}end\n`,
    ],
    [`/gems/gems/${fullName}/lib/a.rb`, ''],
  ]
}

async function find(gemfile: string, installed: readonly string[]) {
  const tree = memoryTree(new Map([['/app/Gemfile', gemfile], ...installed.flatMap(specification)]))
  const { scope, gems } = await findUnlockedGems(tree, readBundleSettings(tree, '/app', { PATH: '/usr/bin' }), madeRuntime(['/gems']))
  return { scope, gems: gems.map(({ fullName }) => fullName).sort() }
}

const rails = ['rails-7.1.3 > activesupport = 7.1.3', 'activesupport-7.1.3 > rack >= 2', 'rack-3.0.8', 'other-1.0.0']

test('what the Gemfile asks for, with what that needs, and nothing else', async () => {
  expect(await find('source "https://rubygems.org"\nruby "3.1.2"\ngem "rails"\n', rails)).toEqual({
    scope: 'gemfile',
    gems: ['activesupport-7.1.3', 'rack-3.0.8', 'rails-7.1.3'],
  })
})

test('of each the newest version that serves all', async () => {
  const installed = [
    ...rails,
    'rails-6.1.7 > activesupport = 6.1.7',
    'activesupport-6.1.7 > rack >= 2',
    'rack-2.2.8',
    'old-1.0 > rails < 7',
  ]
  expect((await find('gem "rails"\ngem "rack", "~> 2.2"\n', installed)).gems).toEqual(['activesupport-7.1.3', 'rack-2.2.8', 'rails-7.1.3'])
  expect((await find('gem "rails", "~> 6.1"\n', installed)).gems).toEqual(['activesupport-6.1.7', 'rack-3.0.8', 'rails-6.1.7'])
  expect((await find('gem "rails"\ngem "old"\n', installed)).gems).toEqual(['activesupport-6.1.7', 'old-1.0', 'rack-3.0.8', 'rails-6.1.7'])
})

test('a prerelease only where one is asked for, or nothing else is there', async () => {
  const installed = ['pg-1.6.0.rc1', 'pg-1.5.9', 'puma-7.0.0.pre1', 'bcrypt-3.1.20-x86_64-linux', 'bcrypt-3.1.20']
  expect((await find('gem "pg"\ngem "puma"\ngem "bcrypt"\n', installed)).gems).toEqual([
    'bcrypt-3.1.20-x86_64-linux',
    'pg-1.5.9',
    'puma-7.0.0.pre1',
  ])
  expect((await find('gem "pg", ">= 1.6.0.rc1"\n', installed)).gems).toEqual(['pg-1.6.0.rc1'])
})

test('gems of groups and conditions count, and may be missing', async () => {
  const gemfile = 'gem "rack"\ngroup :test do\n  gem "other"\n  gem "absent"\nend\ngem "rails" if ENV["FULL"]\n'
  expect((await find(gemfile, rails)).gems).toEqual(['activesupport-7.1.3', 'other-1.0.0', 'rack-3.0.8', 'rails-7.1.3'])
})

test.each([
  ['computes a name', '%w[rails].each { |name| gem name }\ngem "rack"\n'],
  ['evaluates another file', 'gem "rack"\neval_gemfile "more.rb"\n'],
  ['takes the gems of a gemspec', 'gem "rack"\ngemspec\n'],
  ['takes a gem from a folder', 'gem "rack"\ngem "shop", path: "shop"\n'],
  ['takes gems from a repository', 'git "https://example.org/a.git" do\n  gem "rack"\nend\n'],
  ['asks for nothing', 'source "https://rubygems.org"\n'],
  ['asks for what is not there', 'gem "rack"\ngem "absent"\n'],
  ['asks for what can not be together', 'gem "rails"\ngem "rack", "< 2"\n'],
])('every gem may be loaded where a Gemfile %s', async (_, gemfile) => {
  expect(await find(gemfile, rails)).toEqual({
    scope: 'installed',
    gems: ['activesupport-7.1.3', 'other-1.0.0', 'rack-3.0.8', 'rails-7.1.3'],
  })
})

test('every gem may be loaded where the newest of one holds another back, and Bundler may take an older one for that', async () => {
  const installed = ['one-2.0 > two < 2', 'two-2.0', 'two-1.0']
  expect((await find('gem "one"\ngem "two"\n', installed)).gems).toEqual(['one-2.0', 'two-1.0'])
  expect(await find('gem "one"\ngem "two"\n', [...installed, 'one-1.0'])).toEqual({ scope: 'installed', gems: ['one-2.0', 'two-2.0'] })
})

test('every gem may be loaded where one that is reached has a specification of its own hand', async () => {
  const tree = memoryTree(
    new Map([
      ['/app/Gemfile', 'gem "rack"\n'],
      ['/gems/specifications/rack-3.0.8.gemspec', 'Gem::Specification.new do |s|\n  s.name = "rack"\n  s.version = "3.0.8"\nend\n'],
      ...specification('other-1.0.0'),
    ]),
  )
  const found = await findUnlockedGems(tree, readBundleSettings(tree, '/app', { PATH: '/usr/bin' }), madeRuntime(['/gems']))
  expect(found.scope).toBe('installed')
})
