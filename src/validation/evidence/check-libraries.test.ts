import { describe, expect, test } from 'vitest'
import { madeRuntime } from '../../../test/support/made-runtime.ts'
import { makeElf } from '../../../test/support/make-elf.ts'
import { memoryTree } from '../../../test/support/memory-tree.ts'
import type { InstalledGem } from '../gems/installed-gem.ts'
import { inspectGems } from '../inspect-gems.ts'

const libruby = 'libruby-3.1.so.3.1'
const extension = '/gems/made-1.0/lib/made.so'
const plain = { imports: [], exports: [] }
const made = makeElf([libruby, 'libpq.so.5', 'libc.so.6'], { exports: ['Init_made'] })
const machine: Readonly<Record<string, string | Buffer>> = {
  '/usr/bin/ruby3.1': makeElf([libruby, 'libc.so.6'], plain),
  [`/usr/lib/${libruby}`]: makeElf(['libc.so.6'], { imports: [], exports: ['rb_define_method'] }),
  '/usr/lib/libc.so.6': makeElf([], plain),
  [extension]: made,
}
const gem: InstalledGem = {
  name: 'made',
  version: '1.0',
  platform: 'x86_64-linux',
  origin: 'gem',
  fullName: 'made-1.0',
  home: '/gems',
  folder: '/gems/made-1.0',
  requireFolders: ['/gems/made-1.0/lib'],
  extensionsRoot: null,
  declaresExtensions: false,
  requiredRubyVersion: null,
  specPath: '/gems/specifications/made-1.0.gemspec',
  packagedFiles: null,
  lacks: null,
}

async function inspect(files: Readonly<Record<string, string | Buffer>>) {
  const runtime = madeRuntime(['/gems'], { LIBRUBY_SO: libruby, arch: 'x86_64-linux-gnu' }, '/usr/bin/ruby3.1')
  return (await inspectGems(memoryTree(new Map(Object.entries({ ...machine, ...files }))), [gem], {}, runtime)).observations
}

describe('a library that is there, and of no use, is no other version of itself', () => {
  test.each([
    ['empty', '', 'is empty'],
    ['a page of an error', '<html>404</html>', 'is an HTML or XML page'],
    ['cut', makeElf(['libc.so.6'], plain).subarray(0, 250), 'is cut: it ends before its last segment does'],
    ['for another processor', makeElf(['libc.so.6'], { ...plain, machine: 183 }), 'is for AArch64, 64 bit'],
  ])('when it is %s', async (_title, bytes, what) => {
    expect(await inspect({ '/usr/lib/libpq.so.5': bytes, '/usr/lib/libpq.so.5.15': bytes })).toMatchObject([
      {
        code: 'LIBRARY_DAMAGED',
        gem: 'made',
        evidence: [{ what, where: '/usr/lib/libpq.so.5' }, { where: extension }],
        mend: { tag: 'Library', name: 'libpq.so.5', around: ['/usr/lib/libpq.so.5'] },
      },
    ])
  })

  test("unless it stands among another processor's libraries", async () => {
    const other = makeElf(['libc.so.6'], { ...plain, machine: 183 })
    expect(await inspect({ '/usr/lib/aarch64-linux-gnu/libpq.so.5': other })).toMatchObject([{ code: 'LIBRARY_ABSENT' }])
  })
})

test('a gem of MySQL is compiled again where the system has MariaDB', async () => {
  const mysql = makeElf([libruby, 'libmysqlclient.so.21'], { exports: ['Init_made'] })
  expect(await inspect({ [extension]: mysql, '/usr/lib/libmariadb.so.3': makeElf([], plain) })).toMatchObject([
    { code: 'LIBRARY_ABSENT', evidence: [{}, { where: '/usr/lib/libmariadb.so.3' }], mend: { tag: 'Rebuild' } },
  ])
})

test('what Ruby itself lacks is told of Ruby, and of no gem', async () => {
  expect(await inspect({ [`/usr/lib/${libruby}`]: '', '/usr/lib/libpq.so.5': makeElf([], plain) })).toMatchObject([
    { code: 'RUBY_BROKEN', gem: null, evidence: [{ what: 'is empty', where: `/usr/lib/${libruby}` }, {}] },
  ])
})

test('an interpreter that is cut, or of another processor than its configuration, says nothing about a gem', async () => {
  const library = { '/usr/lib/libpq.so.5': makeElf([], plain) }
  for (const ruby of [makeElf([libruby], plain).subarray(0, 300), makeElf([libruby], { ...plain, machine: 183 })])
    expect(await inspect({ ...library, '/usr/bin/ruby3.1': ruby })).toEqual([])
})
