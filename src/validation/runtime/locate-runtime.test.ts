import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { makeElf } from '../../../test/support/make-elf.ts'
import { DiskTree } from '../files/disk-tree.ts'
import { locateRuntime } from './locate-runtime.ts'

const config = `module RbConfig
  TOPDIR = File.dirname(__FILE__).chomp!("/lib/x86_64-linux-gnu/ruby/3.1.0")
  CONFIG = {}
  CONFIG["MAJOR"] = "3"
  CONFIG["MINOR"] = "1"
  CONFIG["TEENY"] = "2"
  CONFIG["prefix"] = (TOPDIR || "/usr")
  CONFIG["ruby_version"] = "3.1.0"
  CONFIG["arch"] = "x86_64-linux-gnu"
  CONFIG["rubylibdir"] = "$(prefix)/lib/ruby/3.1.0"
`
const ruby = '/usr/bin/ruby3.1'
let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'bezel-root-'))
  put('/usr/lib/x86_64-linux-gnu/ruby/3.1.0/rbconfig.rb', config)
  put('/usr/lib/ruby/3.1.0/set.rb', '')
  mkdirSync(join(root, 'usr/bin'))
  symlinkSync('ruby3.1', join(root, 'usr/bin/ruby'))
})
afterEach(() => rmSync(root, { recursive: true }))

function put(path: string, content: string | Buffer): void {
  mkdirSync(join(root, dirname(path)), { recursive: true })
  writeFileSync(join(root, path), content)
}

const locate = () => locateRuntime(new DiskTree(root), { root, appPath: '/app', env: {}, rubyPath: null })
const broken = async () => (await locate()).broken.flatMap(({ code, evidence }) => [code, ...evidence.map(({ what }) => what)])

describe('the Ruby of an unpacked root', () => {
  test('that could start is not broken', async () => {
    put(ruby, makeElf(['libc.so.6']))
    expect(await broken()).toEqual([])
  })

  test.each([
    ['is empty', '', 'it is empty'],
    ['is a page of an error', '<html>', 'it is an HTML or XML page'],
    ['is cut', makeElf([], { imports: [], exports: [] }).subarray(0, 250), 'it is cut: it ends before its last segment does'],
    ['is for another processor', makeElf([], { machine: 183 }), 'it is for AArch64, 64 bit, its rbconfig.rb for x86_64-linux-gnu'],
  ])('is broken when it %s', async (_title, bytes, what) => {
    put(ruby, bytes)
    expect(await broken()).toEqual(['RUBY_BROKEN', what])
  })

  test('is broken when its link leads nowhere, and still known by its library', async () => {
    expect(await locate()).toMatchObject({ runtime: { version: '3.1.2', rubyPath: '/usr/bin/ruby' } })
    expect(await broken()).toEqual(['RUBY_BROKEN', 'it is a link that leads nowhere'])
  })

  test('is broken when its standard library is gone, and a package delivered that', async () => {
    put(ruby, makeElf(['libc.so.6']))
    rmSync(join(root, 'usr/lib/ruby'), { recursive: true })
    expect(await broken()).toEqual([])
    put('/var/lib/dpkg/info/libruby3.1:amd64.list', '/usr/lib/ruby\n/usr/lib/ruby/3.1.0\n')
    expect(await broken()).toEqual(['RUBY_BROKEN', 'its standard library /usr/lib/ruby/3.1.0 is gone, which a package delivered'])
  })
})
