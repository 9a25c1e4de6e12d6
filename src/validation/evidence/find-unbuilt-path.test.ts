import { expect, test } from 'vitest'
import { madeRuntime } from '../../../test/support/made-runtime.ts'
import { memoryTree } from '../../../test/support/memory-tree.ts'
import { findExtensions } from '../gems/find-extensions.ts'
import type { InstalledGem } from '../gems/installed-gem.ts'
import { findUnbuiltPath } from './find-unbuilt-path.ts'

const runtime = madeRuntime()
const folder = '/srv/app/engines/shop'
const gem: InstalledGem = {
  name: 'shop',
  version: '1.0',
  home: folder,
  specPath: `${folder}/shop.gemspec`,
  requiredRubyVersion: null,
  lacks: null,
  origin: 'path',
  platform: 'ruby',
  fullName: 'shop-1.0',
  folder,
  requireFolders: [`${folder}/lib`],
  extensionsRoot: null,
  declaresExtensions: true,
  packagedFiles: null,
}
const extconf = { 'ext/shop/extconf.rb': "require 'mkmf'\ncreate_makefile 'shop/native'\n" }

function found(files: Readonly<Record<string, string>>, other: Partial<InstalledGem> = {}) {
  const tree = memoryTree(new Map(Object.entries(files).map(([path, text]) => [`${folder}/${path}`, text])))
  const mine = { ...gem, ...other }
  const observation = findUnbuiltPath(tree, findExtensions(tree, mine, runtime), runtime)
  return observation === null ? null : [observation.code, observation.evidence.at(-1)?.where.slice(folder.length + 1)]
}

test.each([
  ['lib/shop.rb', "require 'json'\nrequire 'shop/native'\n", 'lib/shop.rb:2'],
  ['lib/shop.rb', 'require("shop/native.so")\n', 'lib/shop.rb:1'],
  ['lib/shop.rb', "require_relative 'shop/native'\n", 'lib/shop.rb:1'],
  ['lib/shop/fast.rb', "  require_relative './native'\n", 'lib/shop/fast.rb:1'],
])('%s, which says %j, can not be loaded', (script, text, where) => {
  expect(found({ ...extconf, [script]: text })).toEqual(['EXTENSION_ABSENT', where])
  expect(found({ ...extconf, [script]: text, 'lib/shop/native.so': '' })).toBeNull()
  expect(found({ ...extconf, [script]: text }, { origin: 'gem', declaresExtensions: false })).toBeNull()
})

test('what bears the name of the gem is what the gem is loaded by', () => {
  const own = { 'ext/shop/extconf.rb': 'create_rust_makefile("shop")\n' }
  expect(found({ ...own, 'lib/shop_version.rb': '' })).toEqual(['EXTENSION_ABSENT', 'ext/shop/extconf.rb'])
  expect(found({ ...own, 'lib/shop.rb': '' })).toEqual(['ORIGIN_UNKNOWN', 'shop.gemspec'])
})

test.each([
  ['a rescued LoadError', "begin\n  require 'shop/native'\nrescue LoadError\n  require 'shop/slow'\nend\n"],
  ['another feature', "require 'shop/other'\n"],
  ['no line at all', ''],
])('with %s the gem may do without, and nobody can tell', (_title, text) => {
  expect(found({ ...extconf, 'lib/shop.rb': text })).toEqual(['ORIGIN_UNKNOWN', 'shop.gemspec'])
})

test('a file that stands where it was linked is left to the gem', () => {
  expect(found({ ...extconf, 'lib/shop.rb': "require_relative '../ext/shop/native'\n", 'ext/shop/native.so': '' })).toBeNull()
})

test('a critical gem does not do without', () => {
  expect(found({}, { name: 'pg' })).toEqual(['EXTENSION_ABSENT', 'shop.gemspec'])
})
