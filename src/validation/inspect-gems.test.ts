import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { makeElf } from '../../test/support/make-elf.ts'
import { arm, intel, makeMachO, makeUniversal } from '../../test/support/make-mach-o.ts'
import { memoryTree } from '../../test/support/memory-tree.ts'
import { shapes, sharedObject } from '../../test/support/shared-object.ts'
import type { FileTree } from './files/file-tree.ts'
import type { InstalledGem } from './gems/installed-gem.ts'
import { inspectGems } from './inspect-gems.ts'
import { toRuntime, type Runtime } from './runtime/runtime.ts'

type Files = Readonly<Record<string, string | Buffer>>

const ruby = '/usr/bin/ruby3.1'
const libruby = 'libruby-3.1.so.3.1'
const extension = '/gems/made-1.0/lib/made.so'
const plain = { imports: [], exports: [] }
const made = { exports: ['Init_made'] }

/** A machine of glibc with a shared Ruby 3.1. */
const glibc: Files = {
  '/gems/made-1.0/lib/made/version.rb': '',
  [ruby]: makeElf([libruby, 'libc.so.6'], plain),
  [`/usr/lib/${libruby}`]: makeElf(['libc.so.6'], { imports: [], exports: ['rb_define_method'] }),
  '/usr/lib/libc.so.6': makeElf([], { imports: [], exports: ['malloc'] }),
}
/** The same of musl, whose loader is its C library. */
const musl: Files = {
  [ruby]: makeElf([libruby, 'libc.musl-x86_64.so.1'], plain),
  [`/usr/lib/${libruby}`]: makeElf(['libc.musl-x86_64.so.1'], { imports: [], exports: ['rb_define_method'] }),
  '/lib/ld-musl-x86_64.so.1': makeElf([], { imports: [], exports: ['malloc'] }),
}
const shared: Runtime = toRuntime(
  new Map([
    ['MAJOR', '3'],
    ['MINOR', '1'],
    ['TEENY', '2'],
    ['ruby_version', '3.1.0'],
    ['ENABLE_SHARED', 'yes'],
    ['LIBRUBY_SO', libruby],
    ['DLEXT', 'so'],
    ['arch', 'x86_64-linux-gnu'],
  ]),
  ruby,
  ['/gems'],
)

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

async function inspect(files: Files, runtime = shared, env: Readonly<Record<string, string>> = {}, judged = gem) {
  const { gems, observations } = await inspectGems(memoryTree(new Map(Object.entries(files))), [judged], env, runtime)
  return { verdict: gems[0]?.verdict, codes: observations.map(({ code }) => code), observations }
}

const zeroedBehind = (bytes: Buffer, offset: number) => bytes.fill(0, offset)
const ofType = (bytes: Buffer, type: number) => {
  bytes.writeUInt16LE(type, 16)
  return bytes
}

test('an extension for this Ruby and this machine is compatible', async () => {
  expect(await inspect({ ...glibc, [extension]: makeElf([libruby, 'libc.so.6'], made) })).toMatchObject({
    verdict: 'compatible',
    codes: [],
  })
  expect(await inspect({ ...musl, [extension]: makeElf([libruby, 'libc.musl-x86_64.so.1'], made) })).toMatchObject({
    verdict: 'compatible',
    codes: [],
  })
})

test('Ruby calls the Init function of the name up to its first dot', async () => {
  const named = (name: string) =>
    inspect({
      ...glibc,
      '/gems/made-1.0/lib/co.ol_ext.so': makeElf([libruby, 'libc.so.6'], { imports: ['rb_define_method'], exports: [name] }),
    })
  expect(await named('Init_co')).toMatchObject({ verdict: 'compatible', codes: [] })
  expect(await named('Init_co.ol_ext')).toMatchObject({ verdict: 'incompatible', codes: ['INIT_ABSENT'] })
})

test('a file that permissions close is to be opened, not to be built again', async () => {
  const tree = memoryTree(new Map(Object.entries({ ...glibc, [extension]: '' })))
  const closed: FileTree = {
    ...tree,
    open: (path) => (path === extension ? null : tree.open(path)),
    troubles: () => [{ path: extension, errno: 'EACCES' }],
  }
  const { observations } = await inspectGems(closed, [gem], {}, shared)
  expect(observations).toMatchObject([
    {
      code: 'EXTENSION_UNREADABLE',
      evidence: [{ what: 'the file is not readable for this user' }],
      mend: { tag: 'Permit', path: extension },
    },
  ])
})

test('an extension of another Ruby is told, whether or not its libruby is there', async () => {
  const files = { ...glibc, [extension]: makeElf(['libruby-2.7.so.2.7', 'libc.so.6'], made) }
  expect(await inspect(files)).toMatchObject({ verdict: 'incompatible', codes: ['BUILT_FOR_OTHER_RUBY'] })
  const other = makeElf(['libc.so.6'], { imports: [], exports: ['rb_define_method'] })
  expect(await inspect({ ...files, '/usr/lib/libruby-2.7.so.2.7': other })).toMatchObject({
    verdict: 'incompatible',
    codes: ['BUILT_FOR_OTHER_RUBY'],
  })
})

test("a loader's cache that can not be understood is told with the offset, and condemns nobody", async () => {
  const files = { ...glibc, '/etc/ld.so.cache': 'glibc-ld.so.cache1.1', [extension]: makeElf([libruby, 'libc.so.6'], made) }
  expect(await inspect(files)).toMatchObject({
    verdict: 'compatible',
    codes: ['FILE_UNREADABLE'],
    observations: [{ evidence: [{ what: 'offset 0: shorter than its header', where: '/etc/ld.so.cache' }], mend: { tag: 'Relink' } }],
  })
})

describe('another C library', () => {
  test('musl on glibc', async () => {
    const files = { ...glibc, [extension]: makeElf([libruby, 'libc.musl-x86_64.so.1'], made) }
    expect(await inspect(files)).toMatchObject({ verdict: 'incompatible', codes: ['LIBC_DIFFERS'] })
  })

  test('glibc on musl', async () => {
    for (const name of ['libc.so.6', 'ld-linux-x86-64.so.2'])
      expect(await inspect({ ...musl, [extension]: makeElf([libruby, name], made) })).toMatchObject({
        verdict: 'incompatible',
        codes: ['LIBC_DIFFERS'],
      })
  })

  test("musl finds a library by its path file's folders, and by no other then", async () => {
    const needs = { ...musl, [extension]: makeElf([libruby, 'libpq.so.5'], made) }
    const library = makeElf(['libc.musl-x86_64.so.1'], { imports: [], exports: ['PQconnectdb'] })
    const path = '/etc/ld-musl-x86_64.path'
    expect(await inspect({ ...needs, '/opt/lib/libpq.so.5': library })).toMatchObject({ codes: ['LIBRARY_ABSENT'] })
    expect(await inspect({ ...needs, '/opt/lib/libpq.so.5': library, [path]: '/opt/lib\n/usr/lib\n' })).toMatchObject({ codes: [] })
    expect(await inspect({ ...needs, '/lib/libpq.so.5': library })).toMatchObject({ codes: [] })
    expect(await inspect({ ...needs, '/lib/libpq.so.5': library, [path]: '/opt/lib:/usr/lib' })).toMatchObject({
      codes: ['LIBRARY_ABSENT'],
    })
  })
})

describe('another machine', () => {
  test.each(shapes.filter(({ wide, little }) => !wide || !little))('wide: $wide, little-endian: $little', async (shape) => {
    expect(await inspect({ ...glibc, [extension]: sharedObject(shape) })).toMatchObject({
      verdict: 'incompatible',
      codes: ['ARCHITECTURE_DIFFERS'],
    })
  })

  test('of another operating system by its identification', async () => {
    const freebsd = makeElf([libruby], made)
    freebsd[7] = 9
    expect(await inspect({ ...glibc, [extension]: freebsd })).toMatchObject({
      codes: ['EXTENSION_NO_LIBRARY'],
      observations: [{ evidence: [{ what: 'EI_OSABI is 9 (FreeBSD)' }] }],
    })
  })

  test.each([
    ['an empty file', Buffer.alloc(0), 'EXTENSION_TRUNCATED'],
    ['a cut file', makeElf([libruby], made).subarray(0, -8), 'EXTENSION_TRUNCATED'],
    ['a file cut in its headers', makeElf([libruby], made).subarray(0, 80), 'EXTENSION_UNREADABLE'],
    ['a Git LFS pointer', 'version https://git-lfs.github.com/spec/v1\n', 'EXTENSION_NO_LIBRARY'],
    ['a Windows library', Buffer.from('MZ\x90\0', 'latin1'), 'EXTENSION_NO_LIBRARY'],
    ['a page of HTML', '<!DOCTYPE html><title>404</title>', 'EXTENSION_NO_LIBRARY'],
    ['a script', '#!/bin/sh\n', 'EXTENSION_NO_LIBRARY'],
    ['zeros', Buffer.alloc(4_096), 'EXTENSION_NO_LIBRARY'],
    ['a library of macOS', makeMachO(intel, []), 'EXTENSION_NO_LIBRARY'],
    ['an interrupted copy with zeros behind its headers', zeroedBehind(makeElf([libruby], made), 176), 'EXTENSION_UNREADABLE'],
    ['a program with its loader', readFileSync('/bin/sh'), 'EXTENSION_UNREADABLE'],
    ['a program', ofType(makeElf([libruby], made), 2), 'EXTENSION_UNREADABLE'],
    ['an object file', ofType(makeElf([libruby], made), 1), 'EXTENSION_UNREADABLE'],
  ])('%s in its place', async (_what, bytes, code) => {
    expect(await inspect({ ...glibc, [extension]: bytes })).toMatchObject({ verdict: 'incompatible', codes: [code] })
  })
})

describe('on macOS', () => {
  const mac: Runtime = { ...shared, arch: 'arm64-darwin23', platform: 'arm64-darwin-23', extensionSuffix: 'bundle' }
  const bundle = '/gems/made-1.0/lib/made.bundle'
  const needed = ['/opt/homebrew/lib/libruby.3.1.dylib', '/usr/lib/libSystem.B.dylib']

  test('a bundle for its processor and Ruby is compatible', async () => {
    expect(await inspect({ [ruby]: '', [bundle]: makeMachO(arm, needed) }, mac)).toMatchObject({ verdict: 'compatible', codes: [] })
  })

  test('a bundle for another processor is not', async () => {
    expect(await inspect({ [ruby]: '', [bundle]: makeMachO(intel, needed) }, mac)).toMatchObject({
      verdict: 'incompatible',
      codes: ['ARCHITECTURE_DIFFERS'],
    })
  })

  test('a library that Homebrew has moved is told', async () => {
    const moved = '/opt/homebrew/opt/libpq/lib/libpq.5.dylib'
    const files = { [ruby]: '', [bundle]: makeMachO(arm, [...needed, moved]) }
    expect(await inspect(files, mac)).toMatchObject({ verdict: 'incompatible', codes: ['LIBRARY_ABSENT'] })
    expect(await inspect({ ...files, [moved]: '' }, mac)).toMatchObject({ verdict: 'compatible', codes: [] })
  })

  test('a library that a gem brings along is looked for beside it', async () => {
    const beside = '@loader_path/../ports/lib/libpq.5.dylib'
    const files = { [ruby]: '', [bundle]: makeMachO(arm, [...needed, beside, '@rpath/libz.1.dylib']) }
    expect(await inspect(files, mac)).toMatchObject({
      codes: ['LIBRARY_ABSENT'],
      observations: [{ evidence: [{}, { where: '/gems/made-1.0/ports/lib/libpq.5.dylib' }], mend: { tag: 'Rebuild' } }],
    })
    expect(await inspect({ ...files, '/gems/made-1.0/ports/lib/libpq.5.dylib': '' }, mac)).toMatchObject({ codes: [] })
  })

  test.each(['universal.arm64-darwin23', 'universal-darwin23'])('a Ruby of several processors (%s) takes a bundle of one', async (arch) => {
    expect(await inspect({ [ruby]: '', [bundle]: makeMachO(arm, needed) }, { ...mac, arch })).toMatchObject({ codes: [] })
  })

  test('a cut bundle is told', async () => {
    const cut = makeUniversal([makeMachO(intel, needed), makeMachO(arm, needed)], true).subarray(0, -1)
    expect(await inspect({ [ruby]: '', [bundle]: cut }, mac)).toMatchObject({ verdict: 'incompatible', codes: ['EXTENSION_TRUNCATED'] })
    expect(await inspect({ [ruby]: '', [bundle]: cut }, { ...mac, arch: 'x86_64-darwin23' })).toMatchObject({ codes: [] })
  })

  test('a bundle that is none is unreadable, with the offset', async () => {
    const bytes = makeMachO(arm, needed)
    bytes.writeUInt32LE(4, 32 + 4)
    expect(await inspect({ [ruby]: '', [bundle]: bytes }, mac)).toMatchObject({
      codes: ['EXTENSION_UNREADABLE'],
      observations: [{ evidence: [{ what: 'offset 0: a load command of 4 bytes' }] }],
    })
  })

  test('a bundle of another Ruby is told', async () => {
    const other = makeMachO(arm, ['/opt/homebrew/lib/libruby.2.7.dylib'])
    expect(await inspect({ [ruby]: '', [bundle]: other }, mac)).toMatchObject({ codes: ['BUILT_FOR_OTHER_RUBY'] })
  })

  test('a bundle that names no Ruby is unknown', async () => {
    expect(await inspect({ [ruby]: '', [bundle]: makeMachO(arm, []) }, mac)).toMatchObject({
      verdict: 'unknown',
      codes: ['ORIGIN_UNKNOWN'],
    })
  })
})

describe('Ruby itself', () => {
  test('a development version takes only extensions that name an ABI version', async () => {
    const development = { ...shared, prerelease: true }
    const without = { ...glibc, [extension]: makeElf([libruby], made) }
    expect(await inspect(without, development)).toMatchObject({ verdict: 'incompatible', codes: ['ABI_VERSION_ABSENT'] })
    const named = { ...glibc, [extension]: makeElf([libruby], { exports: ['Init_made', 'ruby_abi_version'] }) }
    expect(await inspect(named, development)).toMatchObject({ verdict: 'compatible', codes: [] })
  })

  test('an extension that brings another libruby along is refused, by a static Ruby and by one with its own', async () => {
    const own = { [ruby]: makeElf(['libruby.so.3.1', 'libc.so.6'], plain), '/usr/lib/libruby.so.3.1': glibc[`/usr/lib/${libruby}`] ?? '' }
    expect(await inspect({ ...glibc, ...own, [extension]: makeElf([libruby], made) })).toMatchObject({
      verdict: 'incompatible',
      codes: ['LIBRUBY_UNWANTED'],
    })
    const files = {
      ...glibc,
      [ruby]: makeElf(['libc.so.6'], { imports: [], exports: ['rb_define_method'] }),
      [extension]: makeElf([libruby], made),
    }
    const { codes, verdict } = await inspect(files, { ...shared, shared: false, libruby: null, extensionAbi: '3.1.0-static' })
    expect({ codes, verdict }).toEqual({ codes: ['LIBRUBY_UNWANTED'], verdict: 'incompatible' })
  })

  test('one whose library is missing can not start', async () => {
    const { [`/usr/lib/${libruby}`]: _gone, ...rest } = glibc
    const { observations } = await inspect(rest)
    expect(observations).toMatchObject([{ code: 'RUBY_BROKEN', evidence: [{ what: expect.stringContaining(libruby), where: ruby }] }])
  })

  test('one that was moved from its prefix is warned of', async () => {
    expect(await inspect(glibc, { ...shared, movedFrom: '/usr/local' })).toMatchObject({ codes: ['RUBY_MOVED'] })
  })

  test('one whose loader is missing can not start', async () => {
    const { observations } = await inspect({ ...glibc, [ruby]: readFileSync('/bin/sh') })
    expect(observations[0]).toMatchObject({ code: 'RUBY_BROKEN', evidence: [{ what: expect.stringContaining('its loader') }] })
  })
})

test('another library in the place of a critical gem is no extension', async () => {
  const files = { ...glibc, [extension]: makeElf(['libc.so.6'], { imports: ['malloc'], exports: ['deflate'] }) }
  expect(await inspect(files)).toMatchObject({ verdict: 'compatible' })
  expect(await inspect(files, shared, {}, { ...gem, name: 'pg' })).toMatchObject({ verdict: 'incompatible', codes: ['INIT_ABSENT'] })
})

test('a library that is older than at build time lacks a symbol', async () => {
  const files = { ...glibc, [extension]: makeElf([libruby, 'libpq.so.5'], { imports: ['rb_define_method', 'PQpipelineSync'], ...made }) }
  const libpq = (symbol: string) => makeElf(['libc.so.6'], { imports: [], exports: [symbol] })
  expect(await inspect({ ...files, '/usr/lib/libpq.so.5': libpq('PQconnectdb') })).toMatchObject({ codes: ['LIBRARY_SYMBOL_ABSENT'] })
  expect(await inspect({ ...files, '/usr/lib/libpq.so.5': libpq('PQpipelineSync') })).toMatchObject({ codes: [] })
})

test("another OpenSSL than that of Ruby's own openssl is a note that names both", async () => {
  const library = makeElf(['libc.so.6'], plain)
  const files = {
    ...glibc,
    '/usr/lib/libssl.so.3': library,
    '/usr/lib/libssl.so.1.1': library,
    [extension]: makeElf([libruby, 'libssl.so.3'], made),
  }
  const runtime = { ...shared, archFolder: '/usr/lib/ruby/3.1.0' }
  const own = '/usr/lib/ruby/3.1.0/openssl.so'
  expect(await inspect({ ...files, [own]: makeElf([libruby, 'libssl.so.3']) }, runtime)).toMatchObject({ codes: [] })
  expect(await inspect({ ...files, [own]: makeElf([libruby, 'libssl.so.1.1']) }, runtime)).toMatchObject({
    verdict: 'compatible',
    observations: [
      {
        code: 'TWO_LIBRARIES',
        evidence: [
          { what: 'ruby brings libssl.so.1.1', where: '/usr/lib/libssl.so.1.1' },
          { what: 'made brings libssl.so.3', where: '/usr/lib/libssl.so.3' },
        ],
      },
    ],
  })
})

test('jemalloc that comes in with an extension is late, unless Ruby has it already', async () => {
  const jemalloc = makeElf(['libc.so.6'], { imports: [], exports: ['mallctl'] })
  const files = { ...glibc, '/usr/lib/libjemalloc.so.2': jemalloc, [extension]: makeElf([libruby, 'libjemalloc.so.2'], made) }
  expect(await inspect(files)).toMatchObject({ codes: ['ALLOCATOR_LATE'] })
  const early = { ...files, [ruby]: makeElf([libruby, 'libjemalloc.so.2', 'libc.so.6'], plain) }
  expect(await inspect(early)).toMatchObject({ codes: [] })
  for (const named of ['/usr/lib/libjemalloc.so.2', 'libjemalloc.so.2'])
    expect(await inspect(files, shared, { LD_PRELOAD: named })).toMatchObject({ codes: [] })
})

test('a preloaded library that is missing, no library or for another processor is told', async () => {
  const arm = makeElf([], { ...plain, machine: 183 })
  const files = {
    ...glibc,
    [extension]: makeElf([libruby], made),
    '/opt/arm.so': arm,
    '/opt/text.so': 'text',
    '/opt/fine.so': makeElf([], plain),
  }
  const { observations } = await inspect(files, shared, {
    LD_PRELOAD: '/opt/none.so /opt/arm.so:/opt/fine.so libnamed.so /usr/$LIB/late.so',
  })
  expect(observations.map(({ code, evidence }) => [code, evidence[0]?.what])).toEqual([
    ['PRELOAD_BROKEN', '/opt/none.so does not exist'],
    ['PRELOAD_BROKEN', '/opt/arm.so is for another processor'],
    ['PRELOAD_BROKEN', 'libnamed.so is in none of the folders of the loader'],
  ])
  expect(await inspect({ ...files, '/etc/ld.so.preload': '/opt/text.so\n' })).toMatchObject({ codes: ['PRELOAD_BROKEN'] })
})

test('a libruby of this minor under another name, which is not there, is another build of Ruby', async () => {
  expect(await inspect({ ...glibc, [extension]: makeElf(['libruby.so.3.1', 'libc.so.6'], made) })).toMatchObject({
    verdict: 'incompatible',
    codes: ['BUILT_FOR_OTHER_RUBY'],
  })
})

test('timers run while many gems are read: whoever waits can be told', async () => {
  let told = false
  const timer = setTimeout(() => (told = true), 1)
  const many = Array.from({ length: 20 }, (_, index) => ({ ...gem, name: `made${index}` }))
  const tree = memoryTree(new Map(Object.entries({ ...glibc, [extension]: makeElf([libruby], made) })))
  const slow: typeof tree = {
    ...tree,
    list: (path) => {
      for (const until = performance.now() + 1; performance.now() < until;);
      return tree.list(path)
    },
  }
  await inspectGems(slow, many, {}, shared)
  clearTimeout(timer)
  expect(told).toBe(true)
})
