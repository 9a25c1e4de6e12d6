import { describe, expect, test } from 'vitest'
import { madeRuntime } from '../../../test/support/made-runtime.ts'
import { memoryTree } from '../../../test/support/memory-tree.ts'
import { readGemfileLock } from '../../formats/gemfile-lock/read-gemfile-lock.ts'
import { readBundleSettings } from './app-bundle.ts'
import { findLockedGems, findUnlockedGems } from './find-gems.ts'

const home = '/usr/lib/ruby/gems/3.1.0'
const runtime = madeRuntime(
  [home, '/usr/share/rubygems-integration/all'],
  {
    TEENY: '2',
    arch: 'x86_64-linux-gnu',
    rubylibprefix: '/usr/lib/ruby',
    vendorarchdir: '/usr/lib/x86_64-linux-gnu/ruby/vendor_ruby/3.1.0',
  },
  '/usr/bin/ruby3.1',
)

const stub = (name: string, version: string, platform = 'ruby', extensions = '') =>
  `# stub: ${name} ${version} ${platform} lib\n${extensions === '' ? '' : `# stub: ${extensions}\n`}`

function lockOf(specs: readonly string[], platforms: readonly string[] = ['ruby'], bundledWith = '2.3.15') {
  const lock = readGemfileLock(
    `GEM\n  remote: https://rubygems.org/\n  specs:\n${specs.map((spec) => `    ${spec}\n`).join('')}\nPLATFORMS\n${platforms.map((each) => `  ${each}\n`).join('')}\nDEPENDENCIES\n\nBUNDLED WITH\n   ${bundledWith}\n`,
  )
  if (lock.tag !== 'Lock') throw new Error(lock.why)
  return lock
}

function find(files: Readonly<Record<string, string>>, specs: readonly string[], platforms?: readonly string[], bundledWith?: string) {
  const tree = memoryTree(new Map(Object.entries(files)))
  const { gems, absent } = findLockedGems(tree, lockOf(specs, platforms, bundledWith), readBundleSettings(tree, '/app', {}), runtime)
  return { gems: gems.map(({ fullName, origin, lacks }) => ({ fullName, origin, lacks })), absent }
}

describe('a gem of the lock', () => {
  test('whose folder is gone lacks it, and is no package of the distribution', () => {
    const files = { [`${home}/specifications/pg-1.5.9.gemspec`]: stub('pg', '1.5.9', 'ruby', 'ext/extconf.rb') }
    expect(find(files, ['pg (1.5.9)']).gems).toEqual([{ fullName: 'pg-1.5.9', origin: 'gem', lacks: 'folder' }])
  })

  test('whose specification is gone has remains', () => {
    const { gems, absent } = find({ [`${home}/gems/pg-1.5.9/lib/pg.rb`]: '' }, ['pg (1.5.9)'])
    expect(gems).toEqual([])
    expect(absent).toMatchObject([{ name: 'pg', remains: `${home}/gems/pg-1.5.9` }])
  })

  test('that is locked for other platforms only is taken as it is installed here', () => {
    const files = {
      [`${home}/specifications/ffi-1.16.3-x86_64-linux.gemspec`]: stub('ffi', '1.16.3', 'x86_64-linux'),
      [`${home}/gems/ffi-1.16.3-x86_64-linux/lib/ffi.rb`]: '',
      [`${home}/specifications/ffi-1.16.3-aarch64-linux.gemspec`]: stub('ffi', '1.16.3', 'aarch64-linux'),
    }
    expect(find(files, ['ffi (1.16.3-arm64-darwin)'], ['arm64-darwin']).gems).toMatchObject([{ fullName: 'ffi-1.16.3-x86_64-linux' }])
  })

  test('is the build whose platform is the same without gnu in its name', () => {
    const files = {
      [`${home}/specifications/ffi-1.17.2-x86_64-linux.gemspec`]: stub('ffi', '1.17.2', 'x86_64-linux'),
      [`${home}/gems/ffi-1.17.2-x86_64-linux/lib/ffi.rb`]: '',
      [`${home}/specifications/ffi-1.17.2-x86_64-linux-musl.gemspec`]: stub('ffi', '1.17.2', 'x86_64-linux-musl'),
    }
    const locked = ['ffi (1.17.2)', 'ffi (1.17.2-x86_64-linux-gnu)', 'ffi (1.17.2-x86_64-linux-musl)']
    expect(find(files, locked, ['ruby', 'x86_64-linux-gnu', 'x86_64-linux-musl'])).toMatchObject({
      gems: [{ fullName: 'ffi-1.17.2-x86_64-linux' }],
      absent: [],
    })
  })

  test('that is locked for other platforms only is missed where the Gemfile needs it on every platform', () => {
    const files = {
      [`${home}/specifications/ffi-1.17.2-x86_64-linux-musl.gemspec`]: stub('ffi', '1.17.2', 'x86_64-linux-musl'),
      '/app/Gemfile': 'gem "ffi"\ngem "wdm", platforms: [:windows]\n',
    }
    const locked = ['ffi (1.17.2-x86_64-linux-musl)', 'wdm (0.2.0-x64-mingw)']
    expect(find(files, locked, ['x86_64-linux']).absent).toMatchObject([
      { name: 'ffi', need: 'always', foreign: { platform: 'x86_64-linux-musl' }, mustBeInstalled: false },
    ])
  })

  test('is taken precompiled in spite of force_ruby_platform by Bundlers that did not obey it yet', () => {
    const files = {
      [`${home}/specifications/ffi-1.16.3-x86_64-linux.gemspec`]: stub('ffi', '1.16.3', 'x86_64-linux'),
      [`${home}/gems/ffi-1.16.3-x86_64-linux/lib/ffi.rb`]: '',
      '/app/Gemfile': '',
      '/app/.bundle/config': 'BUNDLE_FORCE_RUBY_PLATFORM: "true"\n',
    }
    const found = (bundledWith: string) => find(files, ['ffi (1.16.3)'], ['ruby'], bundledWith).gems.map(({ fullName }) => fullName)
    expect(['2.2.5', '2.2.9', '2.2.10', '2.3.15'].map(found)).toEqual([['ffi-1.16.3-x86_64-linux'], ['ffi-1.16.3-x86_64-linux'], [], []])
    const debian = { ...files, '/usr/share/rubygems-integration/all/specifications/bundler-2.2.5.gemspec': '' }
    expect(find(debian, ['ffi (1.16.3)'], ['ruby'], '2.6.9').gems).toMatchObject([{ fullName: 'ffi-1.16.3-x86_64-linux' }])
  })

  test('that is installed for another platform only says so, and has no remains', () => {
    const files = {
      [`${home}/specifications/pg-1.7.0-aarch64-linux.gemspec`]: stub('pg', '1.7.0', 'aarch64-linux'),
      [`${home}/gems/pg-1.7.0-aarch64-linux/lib/pg.rb`]: '',
    }
    expect(find(files, ['pg (1.7.0)', 'pg (1.7.0-aarch64-linux)']).absent).toMatchObject([
      { name: 'pg', foreign: { platform: 'aarch64-linux' }, remains: null },
    ])
  })

  test('that is for other platforms only is not missed by a lock that knows this one', () => {
    expect(find({}, ['jruby-openssl (0.14.2-java)'], ['ruby', 'java']).absent).toEqual([])
    expect(find({}, ['jruby-openssl (0.14.2-java)'], ['java']).absent).toMatchObject([{ name: 'jruby-openssl' }])
  })
})

describe("a gem of Debian's packages", () => {
  const specification = '/usr/share/rubygems-integration/all/specifications/pg-1.4.5.gemspec'
  const files = { [specification]: stub('pg', '1.4.5') }
  const compiled = '/usr/lib/x86_64-linux-gnu/ruby/vendor_ruby/3.1.0/pg_ext.so'
  const list = '/var/lib/dpkg/info/ruby-pg.list'

  test('has the compiled files that its package lists', () => {
    expect(find({ ...files, [list]: `${specification}\n${compiled}\n` }, ['pg (1.4.5)']).gems).toMatchObject([
      { origin: 'package', lacks: null },
    ])
  })

  test('lacks them when the package has them for another Ruby only', () => {
    const other = compiled.replace('3.1.0', '3.3.0')
    expect(find({ ...files, [list]: `${specification}\n${other}\n` }, ['pg (1.4.5)']).gems).toMatchObject([{ lacks: 'files' }])
  })

  test('lacks them when no list tells and none is in its place', () => {
    expect(find(files, ['pg (1.4.5)']).gems).toMatchObject([{ origin: 'package', lacks: 'files' }])
    expect(find({ ...files, [compiled]: '' }, ['pg (1.4.5)']).gems).toMatchObject([{ lacks: null }])
  })

  test('has those of the usual names where no list tells, as in an image without dpkg', () => {
    const spec = specification.replace('pg-1.4.5', 'sqlite3-1.4.2')
    const native = compiled.replace('pg_ext', 'sqlite3/sqlite3_native')
    expect(find({ [spec]: stub('sqlite3', '1.4.2'), [native]: '' }, ['sqlite3 (1.4.2)']).gems).toMatchObject([{ lacks: null }])
    const ffi = specification.replace('pg-1.4.5', 'ffi-1.12.2')
    const core = compiled.replace('pg_ext', 'ffi_c')
    expect(find({ [ffi]: stub('ffi', '1.12.2'), [core]: '' }, ['ffi (1.12.2)']).gems).toMatchObject([{ lacks: null }])
  })

  test('of another name leaves no trace then, and may be somewhere else', () => {
    const odd = specification.replace('pg-1.4.5', 'odd-1.0')
    expect(find({ [odd]: stub('odd', '1.0', 'ruby', 'ext/extconf.rb') }, ['odd (1.0)']).gems).toMatchObject([{ lacks: 'trace' }])
  })

  test('lacks its own folder when its package lists one', () => {
    const own = '/usr/share/rubygems-integration/all/gems/pg-1.4.5'
    expect(find({ ...files, [list]: `${specification}\n${own}\n` }, ['pg (1.4.5)']).gems).toMatchObject([{ lacks: 'folder' }])
  })
})

test('without lock and Gemfile the newest of each name counts, and builds for other platforms do not', async () => {
  const files = Object.fromEntries(
    [
      ['pg', '1.5.9', 'ruby'],
      ['pg', '1.10.0', 'ruby'],
      ['pg', '2.0.0', 'aarch64-linux'],
      ['json-schema', '4.0.0.rc1', 'ruby'],
      ['omniauth-37signals', '1.0.5', 'ruby'],
      ['ffi', '1.17.0', 'x86_64-linux-gnu'],
      ['json-schema', '4.0.0', 'ruby'],
    ].flatMap(([name = '', version = '', platform = '']) => {
      const fullName = `${name}-${version}${platform === 'ruby' ? '' : `-${platform}`}`
      return [
        [`${home}/specifications/${fullName}.gemspec`, stub(name, version, platform)],
        [`${home}/gems/${fullName}/lib/a.rb`, ''],
      ]
    }),
  )
  const tree = memoryTree(new Map(Object.entries(files)))
  const { gems } = await findUnlockedGems(tree, readBundleSettings(tree, '/app', {}), runtime)
  expect(gems.map(({ fullName }) => fullName).sort()).toEqual([
    'ffi-1.17.0-x86_64-linux-gnu',
    'json-schema-4.0.0',
    'omniauth-37signals-1.0.5',
    'pg-1.10.0',
  ])
})
