import { expect, test } from 'vitest'
import { madeRuntime } from '../../../test/support/made-runtime.ts'
import { makeElf, type ElfTraits } from '../../../test/support/make-elf.ts'
import { memoryTree } from '../../../test/support/memory-tree.ts'
import type { InstalledGem } from '../gems/installed-gem.ts'
import { inspectGems } from '../inspect-gems.ts'

const ruby = '/usr/bin/ruby3.1'
const plain: ElfTraits = { imports: [], exports: [] }
const folder = '/gems/gems/fat-1.0-x86_64-linux'
const gem: InstalledGem = {
  name: 'fat',
  version: '1.0',
  platform: 'x86_64-linux',
  origin: 'gem',
  fullName: 'fat-1.0-x86_64-linux',
  home: '/gems',
  folder,
  requireFolders: [`${folder}/lib`],
  extensionsRoot: null,
  declaresExtensions: false,
  requiredRubyVersion: null,
  specPath: '/gems/specifications/fat-1.0-x86_64-linux.gemspec',
  packagedFiles: null,
  lacks: null,
}

async function codes(libraries: Readonly<Record<string, Buffer>>) {
  const system = { [ruby]: makeElf(['libc.so.6'], plain), '/usr/lib/libc.so.6': makeElf([], plain), [`${folder}/lib/fat.rb`]: '' }
  const own = Object.entries(libraries).map(([name, bytes]) => [`${folder}/lib/fat/${name}/libfat.so`, bytes] as const)
  const tree = memoryTree(new Map<string, string | Buffer>([...Object.entries(system), ...own]))
  const { observations } = await inspectGems(tree, [gem], {}, madeRuntime(['/gems'], {}, ruby))
  return observations.map(({ code }) => code)
}

test('a library that a gem brings for several machines is fine, unless none is for this one, or it is an extension', async () => {
  const others = { arm: makeElf([], { ...plain, machine: 183 }), musl: makeElf(['libc.musl-x86_64.so.1'], plain) }
  const mine = { intel: makeElf(['libc.so.6'], plain) }
  expect(await codes({ ...others, ...mine })).toEqual([])
  expect(await codes(others)).toEqual(['ARCHITECTURE_DIFFERS', 'LIBC_DIFFERS'])
  expect(await codes({ ...others, ...mine, arm: makeElf([], { machine: 183 }) })).toEqual(['ARCHITECTURE_DIFFERS'])
})
