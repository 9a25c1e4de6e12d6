import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { put, remedy, root } from '../../../test/support/remedy-scene.ts'
import type { Mend } from '../observation.ts'

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
