import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { home, put, remedy, root } from '../../../test/support/remedy-scene.ts'
import { DiskTree } from '../files/disk-tree.ts'
import type { InstalledGem } from '../gems/installed-gem.ts'
import type { Mend } from '../observation.ts'
import { toRuntime } from '../runtime/runtime.ts'
import { chooseRemedy } from './choose-remedy.ts'
import { rootInside, toPlace } from './place.ts'

const rebuild: Mend = { tag: 'Rebuild' }
const mayNotWrite = { mayWrite: () => false }

test('where only the lost environment names the gems, the commands name them', () => {
  const typist = { lost: { config: null, gems: 'BUNDLE_PATH=/data', homes: ['/data'] } }
  expect(remedy(rebuild, { typist })).toEqual([expect.stringMatching(/^rm /), 'BUNDLE_PATH=/data bundle install'])
  expect(remedy({ tag: 'SourceBuild' }, { typist })).toEqual([
    'bundle config set --local force_ruby_platform true',
    'BUNDLE_PATH=/data bundle lock --add-platform ruby',
    'BUNDLE_PATH=/data bundle install',
  ])
  expect(remedy(rebuild, { typist, bundled: false }, { home: '/data' })).toEqual(['GEM_HOME=/data gem pristine bcrypt --version 3.1.20'])
})

test("where the lost environment hides the app's own configuration, Bundler is led to the one that counts", () => {
  put('/usr/local/bundle/config', 'BUNDLE_FROZEN: "true"\n')
  const app = 'BUNDLE_APP_CONFIG=/usr/local/bundle'
  expect(remedy({ tag: 'SourceBuild' }, { typist: { lost: { config: app, gems: null, homes: [] } } })).toEqual(
    [
      'bundle config set --local force_ruby_platform true',
      'bundle config set --local frozen false',
      'bundle lock --add-platform ruby',
      'bundle config set --local frozen true',
      'bundle install',
    ].map((line) => `${app} ${line}`),
  )
})

test('a checkout of Git in vendor/cache is compiled by bundle install, once its mark is gone', () => {
  const cache = '/srv/my app/vendor/cache'
  put(`${cache}/extensions/x86_64-linux/3.1.0-static/mono-0123456789ab/gem.build_complete`)
  const git: Partial<InstalledGem> = { origin: 'git', fullName: 'mono-0123456789ab', extensionsRoot: `${cache}/extensions` }
  const before = ['rm vendor/cache/extensions/x86_64-linux/3.1.0/mono-0123456789ab/gem.build_complete']
  expect(remedy(rebuild, {}, git)).toEqual(['bundle install'])
  put(`${cache}/extensions/x86_64-linux/3.1.0/mono-0123456789ab/gem.build_complete`)
  expect(remedy(rebuild, {}, git)).toEqual([...before, 'bundle install'])
  expect(remedy(rebuild, {}, { ...git, extensionsRoot: `${home}/bundler/gems/extensions` })).toEqual(['bundle pristine bcrypt'])
})

describe('a missing library is installed by', () => {
  const libpq: Mend = { tag: 'Library', name: 'libpq.so.5' }
  test.each([
    ['debian', ['apt-get install -y libpq5']],
    ['alpine', ['apk add libpq']],
    ['fedora', ['dnf install -y libpq']],
    ['rocky', ['dnf install -y libpq']],
  ] as const)("%s's own installer", (system, lines) => {
    expect(remedy(libpq, { system })).toEqual(lines)
  })

  test('Homebrew, by the formula that its folder is named after', () => {
    const mend: Mend = { tag: 'Library', name: '/opt/homebrew/opt/libpq/lib/libpq.5.dylib' }
    expect(remedy(mend, { system: 'macos' })).toEqual(['brew install libpq'])
  })

  test.each(['libre2.so.11', 'libsodium.so.23'])('%s itself, where its name tells nothing, or could bring another version', (name) => {
    const rare: Mend = { tag: 'Library', name }
    expect(remedy(rare, { system: 'alpine' })).toEqual([`apk add so:${name}`])
    expect(remedy(rare, { system: 'fedora' })).toEqual([`dnf install -y '${name}()(64bit)'`])
  })

  test.each([
    ['debian 11', 'ID=debian\nVERSION_ID="11"\n', true],
    ['debian 12', 'ID=debian\nVERSION_ID="12"\n', false],
    ['debian testing', 'ID=debian\n', true],
    ['ubuntu 20.04', 'ID=ubuntu\nID_LIKE=debian\nVERSION_ID="20.04"\n', true],
    ['ubuntu 22.04', 'ID=ubuntu\nID_LIKE=debian\nVERSION_ID="22.04"\n', false],
    ['mint', 'ID=linuxmint\nID_LIKE="ubuntu debian"\nVERSION_ID="22"\n', true],
  ])('no package where the release has none any more, but compiling the gem: %s', (_title, release, isThere) => {
    put(`${home}/cache/bcrypt-3.1.20.gem`)
    const lines = remedy({ tag: 'Library', name: 'libssl.so.1.1' }, { release })
    expect(lines).toEqual([isThere ? 'apt-get install -y libssl1.1' : 'bundle pristine bcrypt'])
  })

  test('apt-get after its lists have been fetched, which images come without', () => {
    put('/etc/keep')
    remedy(libpq)
    rmSync(join(root, 'var/lib/apt'), { recursive: true })
    mkdirSync(join(root, 'var/lib/apt/lists/partial'), { recursive: true })
    const tree = new DiskTree(root)
    const place = toPlace(tree, '/srv', true, toRuntime(new Map(), '/usr/bin/ruby3.1', []), rootInside)
    expect(chooseRemedy(place, null, libpq)).toEqual(['apt-get update', 'apt-get install -y libpq5'])
  })

  test("root, by the means that the user's machine has", () => {
    expect(remedy(libpq, { typist: { rootBy: 'sudo' } })).toEqual(['sudo apt-get install -y libpq5'])
    expect(remedy(libpq, { typist: { rootBy: 'su' } })).toEqual(["su -c 'apt-get install -y libpq5'"])
    const brewed: Mend = { tag: 'Library', name: '/opt/homebrew/opt/libpq/lib/libpq.5.dylib' }
    expect(remedy(brewed, { system: 'macos', typist: { rootBy: 'sudo' } })).toEqual(['brew install libpq'])
  })
})

describe('a gem is compiled again', () => {
  test('by Bundler, from the packed gem that it kept', () => {
    put(`${home}/cache/bcrypt-3.1.20.gem`)
    expect(remedy(rebuild)).toEqual(['bundle pristine bcrypt'])
  })

  test('by Bundler after its specification is gone, when the packed gem is not there', () => {
    expect(remedy(rebuild)).toEqual(['rm vendor/bundle/ruby/3.1.0/specifications/bcrypt-3.1.20.gemspec', 'bundle install'])
  })

  test('with the quotes that its path needs', () => {
    const gem = { specPath: "/opt/it's mine/specifications/bcrypt-3.1.20.gemspec" }
    expect(remedy(rebuild, {}, gem)[0]).toBe("rm '/opt/it'\\''s mine/specifications/bcrypt-3.1.20.gemspec'")
  })

  test('by RubyGems where no lock is', () => {
    expect(remedy(rebuild, { bundled: false })).toEqual(['gem pristine bcrypt --version 3.1.20'])
  })

  test('by root, where the user may not write into its folder', () => {
    const typist = { ...mayNotWrite, rootBy: 'sudo' } as const
    expect(remedy(rebuild, { bundled: false, typist })).toEqual(['sudo gem pristine bcrypt --version 3.1.20'])
  })

  test('by the judged Ruby, when another one comes first on PATH', () => {
    put('/usr/bin/ruby')
    const scene = { ruby: '/opt/rubies/3.1.2/bin/ruby', typist: { typesJudgedRuby: null } } as const
    expect(remedy(rebuild, { ...scene, bundled: false })).toEqual(['PATH=/opt/rubies/3.1.2/bin:$PATH gem pristine bcrypt --version 3.1.20'])
    put(`${home}/cache/bcrypt-3.1.20.gem`)
    expect(remedy(rebuild, scene)).toEqual(['PATH=/opt/rubies/3.1.2/bin:$PATH bundle pristine bcrypt'])
  })

  test.each([
    ['alpine', '/usr/lib/ruby/gems/3.1.0', ['apk fix --reinstall ruby-bcrypt']],
    ['fedora', '/usr/share/gems', ['dnf reinstall -y rubygem-bcrypt']],
    ['debian', '/usr/share/rubygems-integration/all', ['apt-get install --reinstall -y ruby-bcrypt']],
  ] as const)('by the package of %s that delivered it', (system, folder, lines) => {
    put(
      '/lib/apk/db/installed',
      'P:ruby-bcrypt\nV:3.1.20-r0\nF:usr/lib/ruby/gems/3.1.0/specifications\nR:bcrypt-3.1.20.gemspec\n\nP:zlib\n',
    )
    expect(remedy(rebuild, { system }, { specPath: `${folder}/specifications/bcrypt-3.1.20.gemspec` })).toEqual(lines)
  })

  test("by Debian's package, whatever its name is, as dpkg lists it", () => {
    const specPath = '/usr/share/rubygems-integration/all/specifications/bcrypt-3.1.20.gemspec'
    put('/var/lib/dpkg/info/ruby-bcrypt.list', '/usr/share/doc\n')
    put('/var/lib/dpkg/info/my-ruby-things:amd64.list', `/usr\n${specPath}\n`)
    expect(remedy(rebuild, {}, { specPath })).toEqual(['apt-get install --reinstall -y my-ruby-things'])
  })

  test('by hand, where its gemspec names nothing that could be run', () => {
    const [line] = remedy(rebuild, {}, { origin: 'path', folder: '/srv/my app/engines/pay' })
    expect(line).toMatch(/^Compile bcrypt again in .*\/srv\/my app\/engines\/pay, with its own task .*\.$/)
  })
})

describe('Bundler', () => {
  test("has its version's name where Debian left out the plain one, and is installed where it is missing", () => {
    put('/opt/ruby/bin/ruby')
    const scene = { ruby: '/opt/ruby/bin/ruby' } as const
    remedy({ tag: 'Install' }, scene)
    rmSync(join(root, 'opt/ruby/bin/bundle'))
    const tree = new DiskTree(root)
    const config = new Map([
      ['MAJOR', '3'],
      ['MINOR', '1'],
    ])
    const place = toPlace(tree, '/srv', true, toRuntime(config, '/opt/ruby/bin/ruby', []), { ...rootInside, typesJudgedRuby: true })
    expect(chooseRemedy(place, null, { tag: 'Install' })).toEqual(['gem install bundler', 'bundle install'])
    put('/usr/bin/bundle3.1')
    expect(chooseRemedy(place, null, { tag: 'Install' })).toEqual(['bundle3.1 install'])
  })

  test('is let to write a lock that the environment has frozen', () => {
    const typist = { env: { BUNDLE_DEPLOYMENT: 'true' } }
    expect(remedy({ tag: 'SourceBuild' }, { typist })).toEqual([
      'bundle config set --local force_ruby_platform true',
      'bundle config set --local deployment false',
      'bundle lock --add-platform ruby',
      'bundle config unset --local deployment',
      'bundle install',
    ])
  })
})

test('a newer version comes by whoever installed the gem, into a frozen lock too', () => {
  const newer: Mend = { tag: 'Say', lines: ['bundle update bcrypt'] }
  expect(remedy(newer)).toEqual(['bundle update bcrypt'])
  expect(remedy(newer, { bundled: false })).toEqual([
    'gem update bcrypt',
    'gem uninstall bcrypt --version 3.1.20 --ignore-dependencies --executables',
  ])
  put('/srv/my app/.bundle/config', '---\nBUNDLE_DEPLOYMENT: "true"\n')
  expect(remedy(newer)).toEqual([
    'bundle config set --local deployment false',
    'bundle lock --update bcrypt',
    'bundle config set --local deployment true',
    'bundle install',
  ])
})

test('what permissions close is opened, by root where the one who types does not own the folder', () => {
  const mend: Mend = { tag: 'Permit', path: `${home}/gems/bcrypt-3.1.20/lib/bcrypt_ext.so` }
  const line = 'chmod a+rX vendor/bundle/ruby/3.1.0/gems/bcrypt-3.1.20/lib/bcrypt_ext.so'
  expect(remedy(mend)).toEqual([line])
  expect(remedy(mend, { typist: { rootBy: 'sudo', mayWrite: (path) => path.endsWith('.so') } })).toEqual([`sudo ${line}`])
})
