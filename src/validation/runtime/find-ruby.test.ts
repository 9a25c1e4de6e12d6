import { expect, test } from 'vitest'
import { makeElf } from '../../../test/support/make-elf.ts'
import { memoryTree } from '../../../test/support/memory-tree.ts'
import { findRubies, rubiesOnPath, wantedVersion } from './find-ruby.ts'

const wanted = (files: Readonly<Record<string, string>>) => wantedVersion(memoryTree(new Map(Object.entries(files))), '/app')
const mise = (version: string) => `[tools]\nruby = "${version}"\n`

test.each([
  ['/app/.ruby-version', '3.1.2\n', '3.1.2'],
  ['/app/.tool-versions', 'ruby 3.2.2\n', '3.2.2'],
  ['/app/mise.toml', mise('3.3.0'), '3.3.0'],
  ['/app/.mise.toml', mise('3.3.1'), '3.3.1'],
  ['/app/mise.local.toml', mise('3.3.2'), '3.3.2'],
  ['/app/.config/mise.toml', mise('3.3.3'), '3.3.3'],
  ['/app/.config/mise/config.toml', mise('3.3.4'), '3.3.4'],
])('%s asks for a Ruby', (path, text, version) => {
  expect(wanted({ [path]: text })).toBe(version)
})

test('a file that names no Ruby leaves it to the next', () => {
  expect(wanted({ '/app/.ruby-version': 'jruby-9.4\n', '/app/.tool-versions': 'nodejs 20\n', '/app/mise.toml': mise('3.3') })).toBe('3.3')
  expect(wanted({})).toBeNull()
})

test('rubies on PATH are those of its folders in order, without shims and relative folders', () => {
  const ruby = makeElf([])
  const tree = memoryTree(
    new Map<string, string | Buffer>([
      ['/usr/bin/ruby', ruby],
      ['/opt/ruby/bin/ruby', ruby],
      ['/root/.rbenv/shims/ruby', '#!/usr/bin/env bash\n'],
    ]),
  )
  expect(rubiesOnPath(tree, '/root/.rbenv/shims:/opt/ruby/bin:/usr/bin:bin::/opt/ruby/bin:/missing')).toEqual([
    '/opt/ruby/bin/ruby',
    '/usr/bin/ruby',
  ])
})

test("a version file above the app, or the version manager's own, chooses among its Rubies before PATH", () => {
  const rubies = {
    '/usr/bin/ruby': '\x7fELF',
    '/home/deploy/.rbenv/versions/3.1.2/bin/ruby': '\x7fELF',
    '/home/deploy/.rbenv/versions/3.3.0/bin/ruby': '\x7fELF',
  }
  const first = (files: Readonly<Record<string, string>>) =>
    findRubies(memoryTree(new Map(Object.entries({ ...rubies, ...files }))), '/srv/app').rubies[0]
  expect(first({})).toBe('/usr/bin/ruby')
  expect(first({ '/srv/.ruby-version': '3.1.2\n' })).toBe('/home/deploy/.rbenv/versions/3.1.2/bin/ruby')
  expect(first({ '/home/deploy/.rbenv/version': '3.3.0\n' })).toBe('/home/deploy/.rbenv/versions/3.3.0/bin/ruby')
})
