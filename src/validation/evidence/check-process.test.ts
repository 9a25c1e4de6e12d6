import { expect, test } from 'vitest'
import { madeRuntime } from '../../../test/support/made-runtime.ts'
import { memoryTree } from '../../../test/support/memory-tree.ts'
import { ElfShelf } from '../libraries/elf-shelf.ts'
import { ExtensionExports } from '../libraries/extension-exports.ts'
import { checkEnvironment, checkMounts } from './check-process.ts'

/** What Ruby 3.1.2 finds odd about variables, and about `/etc/ld.so.preload`. */
function oddities(env: Readonly<Record<string, string>>, preload = ''): string[] {
  const tree = memoryTree(new Map([['/etc/ld.so.preload', preload]]))
  const runtime = madeRuntime([], { TEENY: '2' })
  const bench = { tree, runtime, shelf: new ElfShelf(tree), linked: null, extensions: new ExtensionExports(tree, []) }
  return checkEnvironment(bench, env).map(({ explanation }) => explanation)
}

test.each([
  ['GEM_HOME', '/usr/local/bundle/ruby/2.7.0', '2.7.0'],
  ['GEM_HOME', '/root/.gem/ruby/2.7.8', '2.7.8'],
  ['GEM_HOME', '/root/.rvm/gems/ruby-2.7.8@shop', '2.7.8'],
  ['GEM_PATH', '/root/.rvm/gems/ruby-3.3.0:/root/.rvm/gems/ruby-3.3.0@global', '3.3.0'],
  ['BUNDLE_PATH', '/srv/gems/ruby/3.3.0/', '3.3.0'],
  ['RUBY_VERSION', '3.1.4', '3.1.4'],
])('%s=%s names another Ruby than 3.1.2', (name, value, names) => {
  expect(oddities({ [name]: value })).toEqual([`${name} names Ruby ${names}; /usr/bin/ruby is 3.1.2.`])
})

test.each([
  ['GEM_HOME', '/usr/local/bundle'],
  ['GEM_HOME', '/root/.gem/ruby/3.1.2'],
  ['GEM_HOME', '/root/.rvm/gems/ruby-3.1.4@shop'],
  ['GEM_PATH', '/root/.rvm/gems/ruby-2.7.8:/usr/local/bundle/ruby/3.1.0'],
  ['BUNDLE_PATH', '/srv/my-ruby-2.7.8-app/bundle'],
  ['RUBY_VERSION', 'ruby-3.1.2'],
])('%s=%s names no other one', (name, value) => {
  expect(oddities({ [name]: value })).toEqual([])
})

test('a library that is to be loaded before all others, and is not there, is told, not one in a comment', () => {
  expect(oddities({}, '# /opt/old.so\n/opt/one.so:/opt/two.so # /opt/three.so\n').map((line) => line.split(',')[0])).toEqual([
    '/etc/ld.so.preload names /opt/one.so',
    '/etc/ld.so.preload names /opt/two.so',
  ])
})

test('of several mounts over a folder the last one over the longest path is in force', () => {
  const line = (point: string, options: string) => `36 35 98:0 / ${point} ${options} shared:1 - ext4 /dev/sda1 rw`
  const inForce = (...lines: readonly string[]) =>
    checkMounts(lines.join('\n'), ['/srv/my app/vendor']).map(({ evidence }) => evidence[0]?.where)
  expect(inForce(line('/', 'rw,noexec'))).toEqual(['/'])
  expect(inForce(line('/srv', 'rw,noexec'), line('/', 'rw'))).toEqual(['/srv'])
  expect(inForce(line('/srv/my\\040app', 'rw'), line('/srv', 'rw,noexec'))).toEqual([])
  expect(inForce(line('/srv', 'rw,noexec'), line('/srv', 'rw,exec'))).toEqual([])
  expect(inForce(line('/srv/my', 'rw,noexec'), 'nonsense', line('/', 'rw'))).toEqual([])
})
