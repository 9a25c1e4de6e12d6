import { expect, test } from 'vitest'
import { memoryTree } from '../../../test/support/memory-tree.ts'
import { toRuntime } from '../runtime/runtime.ts'
import { defaultGemFiles } from './default-gem.ts'

const runtime = toRuntime(
  new Map([
    ['DLEXT', 'so'],
    ['rubyarchdir', '/usr/lib/ruby/3.1.0/x86_64-linux'],
  ]),
  '/usr/bin/ruby',
  [],
)

test("compiled files of a default gem are those that its specification lists and Ruby's own folder has", () => {
  const tree = memoryTree(
    new Map(
      [
        ['json/ext/parser.so', ''],
        ['date_core.so', ''],
      ].map(([path, text]) => [`${runtime.archFolder}/${path}`, text ?? '']),
    ),
  )
  const gemspec = '  s.files = ["json.rb".freeze, "json/ext/parser.so".freeze, "json/ext/generator.so".freeze, "../date_core.so".freeze]\n'
  expect(defaultGemFiles(tree, gemspec, runtime)).toEqual([`${runtime.archFolder}/json/ext/parser.so`])
  expect(defaultGemFiles(tree, 's.name = "json"\n', runtime)).toEqual([])
})
