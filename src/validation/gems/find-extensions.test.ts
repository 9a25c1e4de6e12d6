import { expect, test } from 'vitest'
import { madeRuntime } from '../../../test/support/made-runtime.ts'
import { memoryTree } from '../../../test/support/memory-tree.ts'
import { findExtensions } from './find-extensions.ts'
import type { InstalledGem } from './installed-gem.ts'

const runtime = madeRuntime()
const gem: InstalledGem = {
  name: 'made',
  version: '1.0',
  home: '/gems',
  specPath: '/gems/bundler/gems/made-0123456789ab/made.gemspec',
  requiredRubyVersion: null,
  lacks: null,
  origin: 'git',
  platform: 'ruby',
  fullName: 'made-0123456789ab',
  folder: '/gems/bundler/gems/made-0123456789ab',
  requireFolders: ['/gems/bundler/gems/made-0123456789ab/lib'],
  extensionsRoot: '/gems/bundler/gems/extensions',
  declaresExtensions: true,
  packagedFiles: null,
}
const marked = (origin: InstalledGem['origin'], files: readonly string[]) =>
  findExtensions(memoryTree(new Map(files.map((path) => [path, '']))), { ...gem, origin }, runtime).buildComplete

test('a Git source is loaded without the mark of a finished build where its own lib holds the file, an installed gem is not', () => {
  const file = '/gems/bundler/gems/made-0123456789ab/lib/made.so'
  expect(marked('git', [file])).toBeNull()
  expect(marked('git', [])).toBe(false)
  expect(marked('gem', [file])).toBe(false)
})

test('what was built for glibc is not built for musl', () => {
  const built = (platform: string) => `/gems/bundler/gems/extensions/${platform}/3.1.0/made-0123456789ab/gem.build_complete`
  const folder = (platform: string, ruby: string) =>
    findExtensions(memoryTree(new Map([[built(platform), '']])), gem, { ...runtime, platform: ruby }).builtFolder !== null
  expect(folder('x86_64-linux', 'x86_64-linux-musl')).toBe(false)
  expect(folder('x86_64-linux-musl', 'x86_64-linux-musl')).toBe(true)
  expect(folder('x86_64-linux-gnu', 'x86_64-linux')).toBe(true)
  expect(folder('x86_64-linux', 'x86_64-linux-gnu')).toBe(true)
})

test("Fedora's gems have their extensions in lib64", () => {
  const fedora: InstalledGem = { ...gem, origin: 'gem', home: '/usr/share/gems', extensionsRoot: '/usr/share/gems/extensions' }
  const built = `/usr/lib64/gems/ruby/${gem.fullName}`
  const files = [`${built}/gem.build_complete`, `${built}/made.so`]
  expect(findExtensions(memoryTree(new Map(files.map((path) => [path, '']))), fedora, runtime)).toMatchObject({
    buildComplete: true,
    builtFolder: built,
    loaded: [{ feature: 'made' }],
  })
})
