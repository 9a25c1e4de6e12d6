import { expect, test } from 'vitest'
import { madeRuntime } from '../../../test/support/made-runtime.ts'
import { memoryTree } from '../../../test/support/memory-tree.ts'
import { readBundleSettings } from './app-bundle.ts'
import { findUnlockedGems } from './find-gems.ts'

/** `pg-1.5.9`, or with what it needs: `rails-7.1.3 > activesupport = 7.1.3 > rack >= 2`; `ruby >= 3.2` for the Ruby itself, `built` and `unbuilt` for native code. */
function specification(written: string): (readonly [string, string])[] {
  const [fullName = '', ...needs] = written.split(' > ')
  const [, name, version, platform = 'ruby'] = /^(.+?)-(\d[^-]*)(?:-(.+))?$/.exec(fullName) ?? []
  const isNative = needs.some((need) => /^(?:un)?built$/.test(need))
  const lines = needs.map((need) => {
    const [other, ...parts] = need.split(' ')
    if (parts.length === 0) return ''
    if (other === 'ruby') return `  s.required_ruby_version = Gem::Requirement.new("${parts.join(' ')}".freeze)\n`
    return `  s.add_runtime_dependency(%q<${other}>.freeze, ["${parts.join(' ')}".freeze])\n`
  })
  return [
    [
      `/gems/specifications/${fullName}.gemspec`,
      `# stub: ${name} ${version} ${platform} lib\n${isNative ? '# stub: ext/extconf.rb\n' : ''}\nGem::Specification.new do |s|\n${lines.join('')}end\n`,
    ],
    [`/gems/gems/${fullName}/lib/a.rb`, ''],
    ...(needs.includes('built') ? [[`/gems/extensions/x86_64-linux/3.1.0/${fullName}/gem.build_complete`, ''] as const] : []),
  ]
}

type More = Readonly<Record<string, string>>

async function look(gemfile: string, installed: readonly string[], more: More = {}) {
  const tree = memoryTree(new Map([['/app/Gemfile', gemfile], ...installed.flatMap(specification), ...Object.entries(more)]))
  return findUnlockedGems(tree, readBundleSettings(tree, '/app', { PATH: '/usr/bin' }), madeRuntime(['/gems'], { TEENY: '2' }))
}

async function find(gemfile: string, installed: readonly string[], more: More = {}) {
  const { scope, gems } = await look(gemfile, installed, more)
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

test('one that Bundler passes over is chosen only where no other is', async () => {
  const older = ['pg-1.5.3 > built', 'rack-3.0.8']
  for (const newest of ['pg-1.5.9 > unbuilt', 'pg-1.5.9 > built > ruby >= 3.2'])
    expect(await find('gem "pg"\n', [...older, newest])).toEqual({ scope: 'gemfile', gems: ['pg-1.5.3'] })
  expect(await find('gem "pg"\n', older, { '/gems/specifications/pg-1.5.9.gemspec': '' })).toEqual({ scope: 'gemfile', gems: ['pg-1.5.3'] })
  expect((await find('gem "pg"\n', [...older, 'pg-1.5.9 > built > ruby >= 3.0'])).gems).toEqual(['pg-1.5.9'])
  expect((await find('gem "pg"\n', ['pg-1.5.9 > unbuilt'])).gems).toEqual(['pg-1.5.9'])
})

test('a Bundler before 2.3 does not ask installed gems for their Ruby', async () => {
  const installed = ['pg-1.5.3', 'pg-1.5.9 > ruby >= 3.2', 'bundler-2.2.33']
  expect((await find('gem "pg"\n', installed)).gems).toEqual(['pg-1.5.9'])
  expect((await look('gem "pg"\n', ['pg-1.5.9 > ruby >= 3.2', 'bundler-2.2.33'])).lacking).toEqual([])
})

test('what only groups need that are left out is resolved and not loaded', async () => {
  const gemfile = 'gem "rails"\ngem "other", group: :test\ngroup :test do\n  gem "rack", "< 3"\nend\n'
  const without = { '/app/.bundle/config': 'BUNDLE_WITHOUT: "test"\n' }
  expect((await find(gemfile, [...rails, 'rack-2.2.8'], without)).gems).toEqual(['activesupport-7.1.3', 'rack-2.2.8', 'rails-7.1.3'])
})

test.each([
  ['a group', 'gem "rack"\ngem "absent", "~> 1.0", group: :test\n', [{ name: 'absent', requirement: ['~> 1.0'], neededBy: null }]],
  ['a gem of the one version that is there', 'gem "lone"\n', [{ name: 'absent', requirement: ['>= 2'] }]],
  ['a gem that asks for another Ruby', 'gem "young"\n', [{ name: 'young' }]],
  ['a condition', 'gem "rack"\ngem "absent" if ENV["FULL"]\n', []],
  ['one of two versions', 'gem "twice"\n', []],
])('what is lacking for %s', async (_, gemfile, lacking) => {
  const installed = [...rails, 'lone-1.0 > absent >= 2', 'young-1.0 > ruby >= 3.2', 'twice-1.0', 'twice-2.0 > absent >= 2']
  expect((await look(gemfile, installed)).lacking).toMatchObject(lacking)
})

test('a gem for other platforms is neither resolved nor loaded', async () => {
  const gemfile = 'gem "rack"\ngem "other", "~> 9", platforms: %i[windows jruby]\nplatforms :jruby, :rbx do\n  gem "rails", "< 7"\nend\n'
  expect(await find(gemfile, rails)).toEqual({ scope: 'gemfile', gems: ['rack-3.0.8'] })
  expect((await look(gemfile, rails)).lacking).toEqual([])
  expect((await find('gem "rack"\ngem "other", platforms: %i[mri windows]\n', rails)).gems).toEqual(['other-1.0.0', 'rack-3.0.8'])
  expect((await find('gem "other", platform: :jruby\ngem "other", group: :test\n', rails)).gems).toEqual(['other-1.0.0'])
})

test('of all installed gems the newest that Bundler may choose', async () => {
  const gemfile = '%w[pg].each { |name| gem name }\n'
  expect(await find(gemfile, ['pg-1.5.3 > built', 'pg-1.5.9 > unbuilt', 'rack-3.0.8'])).toEqual({
    scope: 'installed',
    gems: ['pg-1.5.3', 'rack-3.0.8'],
  })
})

test('where a line computes, the plain lines tell of their gems all the same, and of the others every version may be wanted', async () => {
  const installed = [
    'pg-1.5.9 > built',
    'pg-1.4.6 > built',
    'pg-1.4.5 > built',
    'ffi-1.17.0 > built',
    'ffi-1.16.3 > built',
    'rack-2.2.8',
    'rack-3.0.8',
  ]
  const versions = async (gemfile: string) => {
    const { gems, others } = await look(gemfile, installed)
    return [gems, others].map((all) => all.map(({ fullName }) => fullName).sort())
  }
  expect(await versions('%w[ffi].each { |name| gem name }\ngem "pg", "~> 1.4.0"\n')).toEqual([
    ['ffi-1.17.0', 'pg-1.4.6', 'rack-3.0.8'],
    ['ffi-1.16.3', 'pg-1.4.5'],
  ])
  expect(await versions('%w[ffi].each { |name| gem name }\ngem "pg", "~> 9"\n')).toEqual([
    ['ffi-1.17.0', 'pg-1.5.9', 'rack-3.0.8'],
    ['ffi-1.16.3', 'pg-1.4.5', 'pg-1.4.6'],
  ])
  expect(await versions('gem "pg"\ngem "absent"\n')).toEqual([
    ['ffi-1.17.0', 'pg-1.5.9', 'rack-3.0.8'],
    ['pg-1.4.5', 'pg-1.4.6'],
  ])
  expect(await versions('')).toEqual([['ffi-1.17.0', 'pg-1.5.9', 'rack-3.0.8'], []])
  expect((await look('gem "pg"\n', installed)).others).toEqual([])
})

test('source gems where Bundler is told to take them', async () => {
  const installed = ['ffi-1.16.3', 'ffi-1.17.0-x86_64-linux']
  expect((await find('gem "ffi"\n', installed)).gems).toEqual(['ffi-1.17.0-x86_64-linux'])
  const forced = { '/app/.bundle/config': 'BUNDLE_FORCE_RUBY_PLATFORM: "true"\n' }
  expect((await find('gem "ffi"\n', installed, forced)).gems).toEqual(['ffi-1.16.3'])
  expect((await find('gem "ffi"\n', [...installed, 'bundler-2.1.4'], forced)).gems).toEqual(['ffi-1.17.0-x86_64-linux'])
})
