import { expect, test } from 'vitest'
import { madeRuntime } from '../../../test/support/made-runtime.ts'
import { memoryTree } from '../../../test/support/memory-tree.ts'
import { findExtensions } from '../gems/find-extensions.ts'
import type { InstalledGem } from '../gems/installed-gem.ts'
import { findLostCopies } from './find-lost-copies.ts'

const runtime = madeRuntime()
const folder = '/gems/gems/made-1.0'
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
  requireFolders: [`${folder}/lib`, `${folder}/ext`],
  extensionsRoot: '/gems/extensions',
  declaresExtensions: true,
  packagedFiles: null,
}
const built = '/gems/extensions/x86_64-linux/3.1.0/made-1.0'
const wanted = `${folder}/lib/made/made_ext.so`

function lost(files: Readonly<Record<string, string>>) {
  const tree = memoryTree(new Map(Object.entries({ [`${built}/gem.build_complete`]: '', [`${built}/made/made_ext.so`]: '', ...files })))
  return findLostCopies(tree, findExtensions(tree, gem, runtime), runtime)
}

test.each([
  ['lib/made.rb', "require 'socket'\n\n  require_relative './made/made_ext' # compiled\n", 3],
  ['lib/made.rb', 'require_relative("made/made_ext.so")\n', 1],
  ['lib/made.rb', "require_relative 'made/made_ext'\nbegin\n  def self.a\n    b\n  rescue LoadError\n  end\nend\n", 1],
  ['lib/made/native.rb', "require_relative 'made_ext'\n", 1],
])('%s that asks beside itself does not find the copy elsewhere: %j', (script, text, line) => {
  const found = [{ wanted, asker: `${folder}/${script}:${line}`, left: `${built}/made/made_ext.so` }]
  expect(lost({ [`${folder}/${script}`]: text })).toEqual(found)
  expect(lost({ [`${folder}/${script}`]: text, [wanted]: '' })).toEqual([])
})

test.each([
  "require 'made/made_ext'\n",
  "# require_relative 'made/made_ext'\n",
  "require_relative 'made/other'\n",
  'require_relative "#{RUBY_VERSION[/\\d+.\\d+/]}/made_ext"\n',
  "begin\n  require_relative 'made/made_ext'\nrescue LoadError\n  require 'made/made_ext'\nend\n",
])('a gem that finds the copy in the folder of extensions, or may, has lost nothing: %j', (text) => {
  expect(lost({ [`${folder}/lib/made.rb`]: text })).toEqual([])
})

test('the copy that the build left in ext, which iodine has on the load path, is not beside it either', () => {
  const left = `${folder}/ext/made/made_ext.so`
  expect(lost({ [`${folder}/lib/made.rb`]: "require_relative 'made/made_ext'\n", [left]: '' })).toMatchObject([{ wanted, left }])
})

test('a script of that name is found first', () => {
  expect(lost({ [`${folder}/lib/made.rb`]: "require_relative 'made/made_ext'\n", [`${folder}/lib/made/made_ext.rb`]: '' })).toEqual([])
})
