import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { DiskTree } from '../files/disk-tree.ts'
import type { InstalledGem } from '../gems/installed-gem.ts'
import type { Mend } from '../observation.ts'
import { toRuntime } from '../runtime/runtime.ts'
import { chooseRemedy } from './choose-remedy.ts'
import { rootInside, toPlace, type Typist } from './place.ts'

let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'bezel-place-'))
})
afterEach(() => rmSync(root, { recursive: true }))

function put(path: string, text = ''): void {
  mkdirSync(join(root, dirname(path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

const systems = {
  debian: 'ID=debian\nVERSION_ID="12"\n',
  alpine: 'ID=alpine\nVERSION_ID=3.20.3\n',
  fedora: 'ID=fedora\nVERSION_ID=42\n',
  rocky: 'ID="rocky"\nID_LIKE="rhel centos fedora"\n',
  macos: null,
} as const

interface Scene {
  readonly system: keyof typeof systems
  /** The os-release, where it isn't the system's usual one. */
  readonly release: string
  readonly ruby: string
  readonly bundled: boolean
  readonly typist: Partial<Typist>
}

/** The remedy of an app in `/srv/my app` on a system with Ruby 3.1.2 and its Bundler. */
function remedy(mend: Mend, scene: Partial<Scene> = {}, gem: Partial<InstalledGem> | null = {}): string[] {
  const { system = 'debian', ruby = '/usr/bin/ruby3.1', bundled = true, typist = {}, release = systems[system] } = scene
  if (release !== null) put('/etc/os-release', release)
  put(ruby)
  put(join(dirname(ruby), 'bundle'))
  put('/var/lib/apt/lists/deb.debian.org_debian_dists_bookworm_main_binary-amd64_Packages')
  const config = new Map([
    ['MAJOR', '3'],
    ['MINOR', '1'],
    ['TEENY', '2'],
    ['ruby_version', '3.1.0'],
    ['ENABLE_SHARED', 'yes'],
    ['DLEXT', system === 'macos' ? 'bundle' : 'so'],
    ['arch', system === 'macos' ? 'arm64-darwin23' : 'x86_64-linux'],
  ])
  const tree = new DiskTree(root)
  const place = toPlace(tree, '/srv/my app', bundled, toRuntime(config, ruby, []), { ...rootInside, typesJudgedRuby: true, ...typist })
  return chooseRemedy(place, gem === null ? null : { ...bcrypt, ...gem }, mend)
}

const home = '/srv/my app/vendor/bundle/ruby/3.1.0'
const bcrypt: InstalledGem = {
  name: 'bcrypt',
  version: '3.1.20',
  platform: 'ruby',
  origin: 'gem',
  fullName: 'bcrypt-3.1.20',
  home,
  folder: `${home}/gems/bcrypt-3.1.20`,
  requireFolders: [`${home}/gems/bcrypt-3.1.20/lib`],
  extensionsRoot: `${home}/extensions`,
  declaresExtensions: true,
  requiredRubyVersion: null,
  specPath: `${home}/specifications/bcrypt-3.1.20.gemspec`,
  packagedFiles: null,
  lacks: null,
}
const rebuild: Mend = { tag: 'Rebuild' }
const mayNotWrite = { mayWrite: () => false }

test('where only the lost environment names the gems, the commands name them', () => {
  const typist = { lostVariable: 'BUNDLE_PATH=/data' }
  expect(remedy(rebuild, { typist })).toEqual([expect.stringMatching(/^rm /), 'BUNDLE_PATH=/data bundle install'])
  expect(remedy({ tag: 'SourceBuild' }, { typist })).toEqual([
    'bundle config set --local force_ruby_platform true',
    'BUNDLE_PATH=/data bundle lock --add-platform ruby',
    'BUNDLE_PATH=/data bundle install',
  ])
  expect(remedy(rebuild, { typist, bundled: false }, { home: '/data' })).toEqual(['GEM_HOME=/data gem pristine bcrypt --version 3.1.20'])
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

  test('a person, where nobody can tell the package', () => {
    expect(remedy({ tag: 'Library', name: 'libre2.so.11' })).toEqual(['Install the package that holds libre2.so.11.'])
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
  expect(remedy(newer, { bundled: false })).toEqual(['gem update bcrypt'])
  put('/srv/my app/.bundle/config', '---\nBUNDLE_DEPLOYMENT: "true"\n')
  expect(remedy(newer)).toEqual([
    'bundle config set --local deployment false',
    'bundle lock --update bcrypt',
    'bundle config set --local deployment true',
    'bundle install',
  ])
})

describe('another Ruby', () => {
  const wanted: Mend = { tag: 'Ruby', wanted: '3.3.6' }
  test.each([
    ['rbenv', '/home/app/.rbenv/versions/3.1.2/bin/ruby', ['rbenv install --skip-existing 3.3.6', 'rbenv local 3.3.6', 'bundle install']],
    ['asdf', '/home/app/.asdf/installs/ruby/3.1.2/bin/ruby', ['asdf install ruby 3.3.6', 'asdf set ruby 3.3.6', 'bundle install']],
    ['mise', '/home/app/.local/share/mise/installs/ruby/3.1.2/bin/ruby', ['mise use ruby@3.3.6', 'bundle install']],
    [
      'chruby',
      '/opt/rubies/ruby-3.1.2/bin/ruby',
      [
        'Install it with "ruby-install --rubies-dir /opt/rubies ruby 3.3.6", choose it in a new shell with "chruby 3.3.6", then type "bundle install".',
      ],
    ],
    [
      'RVM',
      '/usr/local/rvm/rubies/ruby-3.1.2/bin/ruby',
      ['Install it with "rvm install 3.3.6", choose it in a new shell with "rvm use 3.3.6", then type "bundle install".'],
    ],
    ['nobody', '/usr/bin/ruby3.1', ['Run the app with Ruby 3.3.6, or change what asks for it.']],
  ] as const)('is installed and chosen by %s', (_manager, ruby, lines) => {
    expect(remedy(wanted, { ruby })).toEqual(lines)
  })

  test('is chosen by the word that this asdf knows: its scripts, before 0.16, have another one', () => {
    const home = '/home/app/.asdf'
    const chosen = (path: readonly string[]) => remedy(wanted, { ruby: `${home}/installs/ruby/3.1.2/bin/ruby`, typist: { path } })[1]
    expect(chosen([])).toBe('asdf set ruby 3.3.6')
    put(`${home}/lib/commands/command-local.bash`)
    expect(chosen([])).toBe('asdf local ruby 3.3.6')
    put(`${home}/bin/asdf`, '#!/usr/bin/env bash\n')
    expect(chosen([`${home}/bin`])).toBe('asdf local ruby 3.3.6')
    // The old scripts may stay when the program is updated.
    put('/usr/local/bin/asdf', '\u007fELF')
    expect(chosen(['/usr/local/bin', `${home}/bin`])).toBe('asdf set ruby 3.3.6')
  })

  test.each([
    ['/home/app/.asdf/installs/ruby/3.1.2/bin/ruby', 'asdf set ruby latest:3.3'],
    ['/home/app/.local/share/mise/installs/ruby/3.1.2/bin/ruby', 'mise use ruby@3.3'],
  ] as const)('is written into .ruby-version too, where that says otherwise: %s', (ruby, choose) => {
    const loose: Mend = { tag: 'Ruby', wanted: '>= 3.3.1' }
    put('/srv/my app/.ruby-version', '3.3.6\n')
    expect(remedy(loose, { ruby })).not.toContain('echo 3.3 > .ruby-version')
    put('/srv/my app/.ruby-version', '3.1.2\n')
    expect(remedy(loose, { ruby }).slice(-3)).toEqual([choose, 'echo 3.3 > .ruby-version', 'bundle install'])
  })

  test.each([
    ['/home/app/.local/share/mise/shims', 'mise use ruby@3.3.6'],
    ['/home/app/.local/share/mise/installs/ruby/3.1.2/bin', 'mise use ruby@3.3.6'],
    ['/home/app/.rbenv/shims', 'rbenv install --skip-existing 3.3.6'],
    ['/home/app/.asdf/shims', 'asdf install ruby 3.3.6'],
  ] as const)('comes from the manager that is first on PATH, also when the Ruby found is none of its own: %s', (folder, first) => {
    put(`${folder}/ruby`)
    expect(remedy(wanted, { ruby: '/usr/bin/ruby3.1', typist: { path: [folder, '/usr/bin'] } })[0]).toBe(first)
  })

  test('that only has to meet a requirement is the newest of its line', () => {
    const loose: Mend = { tag: 'Ruby', wanted: '~> 3.3' }
    expect(remedy(loose, { ruby: '/root/.asdf/installs/ruby/3.1.2/bin/ruby', bundled: false })).toEqual([
      'asdf install ruby latest:3.3',
      'asdf set ruby latest:3.3',
    ])
    expect(remedy(loose, { ruby: '/root/.local/share/mise/installs/ruby/3.1.2/bin/ruby' })[0]).toBe('mise use ruby@3.3')
    expect(remedy(loose, { ruby: '/root/.rbenv/versions/3.1.2/bin/ruby' })).toEqual([
      'Install a Ruby that meets "~> 3.3" with rbenv install, and choose it with rbenv local.',
    ])
  })

  test('of an official image comes with another base image', () => {
    mkdirSync(join(root, 'usr/local/bundle'), { recursive: true })
    expect(remedy(wanted, { ruby: '/usr/local/bin/ruby' })).toEqual([
      'Make the image from another base: FROM ruby:3.3.6, where ruby:3.1.2 stands.',
    ])
    expect(remedy({ tag: 'Reinstall' }, { ruby: '/usr/local/bin/ruby' })).toEqual([
      'Build the image anew FROM ruby:3.1.2: its Ruby is damaged.',
    ])
  })
})

describe('a broken Ruby is repaired by', () => {
  test.each([
    ['its Debian packages', 'debian', '/usr/bin/ruby3.1', ['apt-get install --reinstall -y ruby3.1 libruby3.1']],
    ["Alpine's", 'alpine', '/usr/bin/ruby', ['apk fix --reinstall ruby ruby-libs']],
    ["Fedora's", 'fedora', '/usr/bin/ruby', ['dnf reinstall -y ruby ruby-libs']],
    ['Homebrew', 'macos', '/opt/homebrew/Cellar/ruby@3.1/3.1.2/bin/ruby', ['brew reinstall ruby@3.1']],
    ['rbenv', 'debian', '/root/.rbenv/versions/3.1.2/bin/ruby', ['rbenv install --force 3.1.2']],
    ['asdf', 'debian', '/root/.asdf/installs/ruby/3.1.2/bin/ruby', ['asdf uninstall ruby 3.1.2', 'asdf install ruby 3.1.2']],
    ['mise', 'macos', '/Users/me/.local/share/mise/installs/ruby/3.1.2/bin/ruby', ['mise install --force ruby@3.1.2']],
    ['ruby-install', 'debian', '/opt/rubies/3.1.2/bin/ruby', ['ruby-install --install-dir /opt/rubies/3.1.2 ruby 3.1.2']],
    ['RVM', 'macos', '/Users/me/.rvm/rubies/ruby-3.1.2/bin/ruby', ['rvm reinstall 3.1.2']],
    ['whoever built it', 'debian', '/opt/ruby/bin/ruby', ['Install Ruby 3.1.2 anew.']],
  ] as const)('%s', (_by, system, ruby, lines) => {
    expect(remedy({ tag: 'Reinstall' }, { system, ruby })).toEqual(lines)
    expect(remedy({ tag: 'Library', name: 'libruby-3.1.so.3.1' }, { system, ruby })).toEqual(lines)
  })
})

test('what permissions close is opened, by root where the one who types does not own the folder', () => {
  const mend: Mend = { tag: 'Permit', path: `${home}/gems/bcrypt-3.1.20/lib/bcrypt_ext.so` }
  const line = 'chmod a+rX vendor/bundle/ruby/3.1.0/gems/bcrypt-3.1.20/lib/bcrypt_ext.so'
  expect(remedy(mend)).toEqual([line])
  expect(remedy(mend, { typist: { rootBy: 'sudo', mayWrite: (path) => path.endsWith('.so') } })).toEqual([`sudo ${line}`])
})
