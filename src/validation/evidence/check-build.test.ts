import { expect, test } from 'vitest'
import { madeRuntime } from '../../../test/support/made-runtime.ts'
import { memoryTree } from '../../../test/support/memory-tree.ts'
import { findExtensions } from '../gems/find-extensions.ts'
import type { InstalledGem } from '../gems/installed-gem.ts'
import { checkBuild } from './check-build.ts'

const runtime = madeRuntime()
const folder = '/gems/gems/made-1.0'
const built = '/gems/extensions/x86_64-linux/3.1.0/made-1.0'
const gem: InstalledGem = {
  name: 'made',
  version: '1.0',
  home: '/gems',
  specPath: '/gems/specifications/made-1.0.gemspec',
  requiredRubyVersion: null,
  lacks: null,
  origin: 'gem',
  platform: 'ruby',
  fullName: 'made-1.0',
  folder,
  requireFolders: [`${folder}/lib`],
  extensionsRoot: '/gems/extensions',
  declaresExtensions: true,
  packagedFiles: null,
}
const mkmf = 'ruby -I lib extconf.rb\nlinking shared-object made_ext.so\n'
const rake = 'rake RUBYARCHDIR=/x\ngcc -shared -o x86_64-linux/libmade.so made.o\n'

async function codes(log: string, files: readonly string[]) {
  const all = [`${built}/gem.build_complete`, `${folder}/lib/made.rb`, ...files].map((path) => [path, ''] as const)
  const tree = memoryTree(new Map([...all, [`${built}/gem_make.out`, log]]))
  return (await checkBuild(tree, findExtensions(tree, gem, runtime), runtime)).map(({ code }) => code)
}

test('a build by mkmf that linked a library has it where Ruby loads it', async () => {
  expect(await codes(mkmf, [`${folder}/ext/made_ext.so`])).toEqual(['EXTENSION_ABSENT'])
  expect(await codes(mkmf, [`${folder}/lib/made_ext.so`])).toEqual([])
})

test('a build by rake may keep its library anywhere in the gem, as those of ffi-compiler do', async () => {
  expect(await codes(rake, [`${folder}/ext/x86_64-linux/libmade.so`])).toEqual([])
  // llhttp-ffi comes with one for macOS.
  expect(await codes(rake, [`${folder}/ext/aarch64-darwin/libmade.bundle`])).toEqual(['EXTENSION_ABSENT'])
})

test('a build that linked nothing has lost nothing', async () => {
  expect(await codes('ruby mkrf_conf.rb\n', [])).toEqual([])
})

test('a gem without anything to require is installed in part, unless it is a mere list of others', async () => {
  const seen = async (name: string, files: readonly string[]) => {
    const tree = memoryTree(new Map(files.map((path) => [path, ''])))
    const judged = { ...gem, name, declaresExtensions: false }
    return (await checkBuild(tree, findExtensions(tree, judged, runtime), runtime)).map(({ code, evidence }) => [code, evidence[0]?.what])
  }
  expect(await seen('made', [])).toEqual([['GEM_INCOMPLETE', 'is empty']])
  expect(await seen('made', [`${folder}/README.md`])).toEqual([])
  expect(await seen('pg', [`${folder}/README.md`])).toEqual([['GEM_INCOMPLETE', 'does not exist']])
  expect(await seen('pg', [`${folder}/lib/pg.rb`])).toEqual([])
})

test('a gem that is a compiled file alone needs no folder', async () => {
  const seen = async (feature: string) => {
    const tree = memoryTree(new Map([`${built}/gem.build_complete`, `${built}/${feature}.so`].map((path) => [path, ''])))
    return (await checkBuild(tree, findExtensions(tree, gem, runtime), runtime)).map(({ code }) => code)
  }
  expect(await seen('made')).toEqual([])
  expect(await seen('made_ext')).toEqual(['GEM_INCOMPLETE'])
})

test("a distribution's gem may have its Ruby code in Ruby's own folder, but not without its compiled file", async () => {
  const home = '/usr/lib/x86_64-linux-gnu/rubygems-integration/3.1.0'
  const own = `${home}/gems/google-protobuf-3.21.12`
  const built = `${home}/extensions/x86_64-linux/3.1.0/google-protobuf-3.21.12`
  const fullName = 'google-protobuf-3.21.12'
  const split: InstalledGem = {
    ...gem,
    name: 'google-protobuf',
    fullName,
    home,
    folder: own,
    requireFolders: [`${own}/lib`],
    extensionsRoot: `${home}/extensions`,
  }
  const check = async (files: readonly string[]) => {
    const tree = memoryTree(new Map([`${own}/ruby/ext/extconf.rb`, `${built}/gem.build_complete`, ...files].map((path) => [path, ''])))
    return (await checkBuild(tree, findExtensions(tree, split, runtime), runtime)).map(({ code }) => code)
  }
  expect(await check([`${built}/google/protobuf_c.so`])).toEqual([])
  expect(await check([])).toEqual(['GEM_INCOMPLETE'])
})
