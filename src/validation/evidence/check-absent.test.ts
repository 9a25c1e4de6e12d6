import { describe, expect, test } from 'vitest'
import { madeRuntime } from '../../../test/support/made-runtime.ts'
import { memoryTree } from '../../../test/support/memory-tree.ts'
import { readGemfileLock } from '../../formats/gemfile-lock/read-gemfile-lock.ts'
import { readBundleSettings } from '../gems/app-bundle.ts'
import { findLockedGems } from '../gems/find-gems.ts'
import { checkAbsent } from './check-absent.ts'

const home = '/usr/lib/ruby/gems/3.1.0'
const runtime = madeRuntime([home], { TEENY: '2', arch: 'x86_64-linux-gnu', rubylibprefix: '/usr/lib/ruby' }, '/usr/bin/ruby3.1')
const known = { PATH: '/usr/bin' }
const lockText = (specs: string, platforms: string) =>
  `GIT\n  remote: https://example.test/made.git\n  revision: 0123456789abcdef\n  specs:\n    made (1.0)\n\nGEM\n  remote: https://rubygems.org/\n  specs:\n${specs}\nPLATFORMS\n  ${platforms}\n\nDEPENDENCIES\n  made!\n  puma\n`
const puma = '    nio4r (2.7.5)\n    puma (6.4.0)\n      nio4r\n'

interface Case {
  readonly gemfile?: string | null
  readonly env?: Readonly<Record<string, string>>
  readonly specs?: string
  readonly platforms?: string
  readonly files?: Readonly<Record<string, string>>
}

/** Names of absent gems by code. */
function absent({ gemfile = 'gem "puma"\n', env = known, specs = puma, platforms = 'ruby', files = {} }: Case): Record<string, string[]> {
  const tree = memoryTree(new Map(Object.entries({ ...files, ...(gemfile === null ? {} : { '/app/Gemfile': gemfile }) })))
  const lock = readGemfileLock(lockText(specs, platforms))
  if (lock.tag !== 'Lock') throw new Error(lock.why)
  const settings = readBundleSettings(tree, '/app', env)
  const found = findLockedGems(tree, lock, settings, runtime)
  const seen = checkAbsent(found.absent, settings, runtime)
  return Object.fromEntries(
    [...Map.groupBy(seen, ({ code }) => code)].map(([code, each]) => [
      code,
      each.map(({ gem }) => gem ?? '').filter((gem) => gem !== 'made'),
    ]),
  )
}
const installed = (name: string, platform = '') => ({
  [`${home}/specifications/${name}${platform}.gemspec`]: `# stub: ${name.replace(/-(?=\d)/, ' ')} ${platform.slice(1) || 'ruby'} lib\n`,
  [`${home}/gems/${name}${platform}/lib/a.rb`]: '',
})

const others = { '/b/vendor/bundle/ruby/3.1.0/specifications/puma-6.4.0.gemspec': '' }

describe('an absent gem', () => {
  test('that the Gemfile names outside every group is an error, and so is what it needs', () => {
    expect(absent({})).toEqual({ GEM_ABSENT: [], NEEDED_GEM_ABSENT: ['nio4r', 'puma'] })
    expect(absent({ files: installed('puma-6.4.0') })).toEqual({ GEM_ABSENT: [], NEEDED_GEM_ABSENT: ['nio4r'] })
  })

  test.each([
    ['an optional group', { gemfile: 'gem "a"\ngroup :x, optional: true do\n  gem "puma"\nend\n' }],
    ['the default group', { env: { ...known, BUNDLE_WITHOUT: 'test:default' } }],
    ['a group that is none of those taken', { env: { ...known, BUNDLE_ONLY: 'assets' } }],
  ] satisfies [string, Case][])('is rightly so when %s is left out', (_case, given) => {
    expect(absent(given)['NEEDED_GEM_ABSENT'] ?? []).toEqual([])
    expect(absent(given)['GEM_ABSENT'] ?? []).toEqual([])
  })

  test('is an error in a root whose settings name the folder of its gems, were it the only one', () => {
    const files = { '/app/.bundle/config': 'BUNDLE_PATH: "vendor/bundle"\n' }
    expect(absent({ env: {}, files })).toEqual({ GEM_ABSENT: [], NEEDED_GEM_ABSENT: ['nio4r', 'puma'] })
  })

  test.each([
    ['of a group', { gemfile: 'gem "a"\ngroup :x do\n  gem "puma"\nend\n' }],
    ['of another platform', { gemfile: 'gem "a"\ngem "puma", platforms: :jruby\n' }],
    ['of a Gemfile that computes it', { gemfile: 'eval_gemfile "more"\n' }],
    ['of a lock without a Gemfile', { gemfile: null }],
    ['of a bundle that stands alone', { files: { '/app/bundle/bundler/setup.rb': '' } }],
    ['of a root whose environment may have named the bundle of another app', { env: {}, files: { '/b/Gemfile': '', ...others } }],
  ] satisfies [string, Case][])('is a warning %s', (_case, given) => {
    expect(absent(given)).toEqual({ GEM_ABSENT: ['nio4r', 'puma'] })
  })

  test('of a root that holds the others, or no bundle at all, is an error', () => {
    expect(absent({ env: {}, files: installed('puma-6.4.0') })['NEEDED_GEM_ABSENT']).toEqual(['nio4r'])
    expect(absent({ env: {} })['NEEDED_GEM_ABSENT']).toEqual(['nio4r', 'puma'])
  })

  test('of a left-out group is none at all', () => {
    const gemfile = 'gem "a"\ngroup :test do\n  gem "puma"\nend\n'
    expect(absent({ gemfile, env: { ...known, BUNDLE_WITHOUT: 'test' } })).toEqual({})
  })

  test('that is locked for another machine only is resolved anew', () => {
    const mac = { specs: '    puma (6.4.0-arm64-darwin)\n', platforms: 'arm64-darwin' }
    expect(absent(mac)).toEqual({ GEM_ABSENT: ['puma'] })
  })

  test('is not absent when a lock of `ruby` alone finds it precompiled', () => {
    const files = { ...installed('puma-6.4.0', '-x86_64-linux'), ...installed('nio4r-2.7.5', '-x86_64-linux') }
    expect(absent({ files })).toEqual({ GEM_ABSENT: [] })
    expect(absent({ files, env: { ...known, BUNDLE_FORCE_RUBY_PLATFORM: 'true' } })['NEEDED_GEM_ABSENT']).toEqual(['nio4r', 'puma'])
  })
})

test('a checkout or a folder that the Gemfile needs and that is gone is an error, too', () => {
  const sources = `GIT
  remote: https://example.test/made.git
  revision: 0123456789abcdef
  specs:
    made (1.0)

PATH
  remote: engines/pay
  specs:
    pay (0.1.0)

DEPENDENCIES
  made!
  pay!
`
  const seen = (files: Readonly<Record<string, string>>) => {
    const gemfile = 'gem "made", git: "https://example.test/made.git"\ngem "pay", path: "engines/pay"\n'
    const tree = memoryTree(new Map(Object.entries({ '/app/Gemfile': gemfile, ...files })))
    const lock = readGemfileLock(sources)
    if (lock.tag !== 'Lock') throw new Error(lock.why)
    const settings = readBundleSettings(tree, '/app', known)
    const found = findLockedGems(tree, lock, settings, runtime)
    return checkAbsent(found.absent, settings, runtime)
  }
  expect(seen({})).toMatchObject([
    { code: 'NEEDED_GEM_ABSENT', gem: 'made', mend: { tag: 'Install' } },
    { code: 'NEEDED_GEM_ABSENT', gem: 'pay', evidence: [{ where: '/app/engines/pay' }, {}], mend: { tag: 'Say' } },
  ])
  expect(seen({ [`${home}/bundler/gems/made-0123456789ab/made.gemspec`]: '', '/app/engines/pay/pay.gemspec': '' })).toEqual([])
})
