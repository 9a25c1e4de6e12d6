import { expect, test } from 'vitest'
import { readMiseToml } from './read-mise-toml.ts'
import { readAskedVersion, readRubyVersionFile, readToolVersions } from './read-version-files.ts'

test.each([
  ['3.1.2\n', '3.1.2'],
  ['ruby-3.1.2', '3.1.2'],
  ['# for production\n3.3\n', '3.3'],
  ['2.7.8-p225\n', '2.7.8'],
  ['3.4.0-preview1', '3.4.0-preview1'],
  ['ruby-3.1.2@shop', '3.1.2'],
  ['jruby-9.4.0.0', null],
  ['', null],
])('.ruby-version %j asks for %j', (text, version) => {
  expect(readRubyVersionFile(text)).toBe(version)
})

test('.tool-versions names Ruby among others', () => {
  expect(readToolVersions('nodejs 20.1.0\nruby 3.2.2 3.1.0 # two\n')).toBe('3.2.2')
  expect(readToolVersions('nodejs 20.1.0\n')).toBeNull()
})

test.each([
  ['[tools]\nruby = "3.3.0"\n', '3.3.0'],
  ['[tools]\nnode = "20"\nruby = ["3.2.1", "3.1"]\n', '3.2.1'],
  ["[tools]\nruby = { version = '3.1', postinstall = 'x' }\n", '3.1'],
  ['[env]\nruby = "9"\n', null],
  ['[tools]\n"ruby" = \'3.3\' # new\n', '3.3'],
  ['[tools]\n"core:ruby" = "3.3"\n', '3.3'],
  ['[tools]\nruby = [\n  # first\n  "3.3.6",\n  "3.2",\n]\n', '3.3.6'],
  ['[tools]\nruby = [{ version = "3.3", os = ["linux"] }, "3.2"]\n', '3.3'],
  ['[tools]\nruby = { postinstall = "bundle", version = "3.3" }\n', '3.3'],
  ['[env]\nA = "1"\n[tools.ruby]\nversion = "3.4.1"\n', '3.4.1'],
  ['[[tools.ruby]]\nversion = "3.4.1"\n', '3.4.1'],
  ['min_version = "2025.1"\ntools.ruby = "3.2"\n', '3.2'],
  ['tools = { node = "20", ruby = "3.2" }\n', '3.2'],
  ['  [tools]\n  ruby="3.2"\n', '3.2'],
  ['[tools]\nnode = "20"\n[tasks.ruby]\nversion = "9"\n', null],
  ['[tools]\nruby = "latest"\n', null],
  ['[tools]\ntruffleruby = "24"\n# ruby = "9"\n', null],
])('mise.toml %j asks for %j', (text, version) => {
  expect(readMiseToml(text)).toBe(version)
})

test.each([
  ['3.1.2\n', '3.1.2'],
  ['ruby-3.1.2\n', '3.1.2'],
  ['nodejs 20.1.0\nruby 3.2.2\n', '3.2.2'],
  ['[tools]\nruby = "3.3.0"\n', '3.3.0'],
  ['[tools]\nnode = "20"\n', null],
])('the file that a Gemfile names is read as what it is: %j', (text, version) => {
  expect(readAskedVersion(text)).toBe(version)
})
