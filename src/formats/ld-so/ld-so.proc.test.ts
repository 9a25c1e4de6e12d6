import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readLoaderCache } from './read-loader-cache.ts'
import { readLoaderConfig, readMuslPath } from './read-loader-config.ts'

/** A cache of glibc with the given entries, behind an empty table of the older format if asked; `big`: of a big-endian machine before 2.32. */
function cache(entries: readonly (readonly [string, string])[], behindOld: boolean, big = false): Buffer {
  const strings = Buffer.from(entries.map(([name, path]) => `${name}\0${path}\0`).join(''), 'latin1')
  const head = Buffer.alloc(48 + entries.length * 24)
  head.write('glibc-ld.so.cache1.1', 'latin1')
  const write = (value: number, offset: number) => (big ? head.writeUInt32BE(value, offset) : head.writeUInt32LE(value, offset))
  write(entries.length, 20)
  write(strings.length, 24)
  head[28] = big ? 0 : 2
  let at = head.length
  for (const [index, [name, path]] of entries.entries()) {
    write(at, 48 + index * 24 + 4)
    write(at + name.length + 1, 48 + index * 24 + 8)
    at += name.length + path.length + 2
  }
  const old = Buffer.alloc(16)
  old.write('ld.so-1.7.0', 'latin1')
  return Buffer.concat([...(behindOld ? [old] : []), head, strings])
}

describe('ld.so.cache', () => {
  const entries = [
    ['libpq.so.5', '/usr/lib/libpq.so.5'],
    ['libc.so.6', '/lib/libc.so.6'],
    ['libc.so.6', '/lib32/libc.so.6'],
  ] as const

  test.each([
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ])('gives every path of a name in order, behind the older table: %s, big-endian: %s', (behindOld, big) => {
    const read = readLoaderCache(cache(entries, behindOld, big))
    expect(read.tag === 'Cache' ? Object.fromEntries(read.libraries) : read).toEqual({
      'libpq.so.5': ['/usr/lib/libpq.so.5'],
      'libc.so.6': ['/lib/libc.so.6', '/lib32/libc.so.6'],
    })
  })

  test('that lies about its length is malformed', () => {
    const bytes = cache(entries, false)
    bytes.writeUInt32LE(0xffffffff, 20)
    expect(readLoaderCache(bytes)).toMatchObject({ tag: 'Malformed', offset: 20 })
  })

  test('never makes the reader throw', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 10, size: 'max' }),
        fc.nat(),
        fc.boolean(),
        (edits, cut, behindOld) => {
          const bytes = cache(entries, behindOld)
          for (const [at, value] of edits) bytes[at % bytes.length] = value
          readLoaderCache(cut % 2 === 0 ? bytes : bytes.subarray(0, cut % bytes.length))
        },
      ),
    )
  })

  const ldconfig = ['/sbin/ldconfig', '/usr/sbin/ldconfig'].find((path) => existsSync(path))
  test.skipIf(ldconfig === undefined || !existsSync('/etc/ld.so.cache'))('of this machine reads as ldconfig prints it', () => {
    expect(found('/etc/ld.so.cache')).toEqual(printed('/etc/ld.so.cache'))
  })

  test.skipIf(ldconfig === undefined).each(['new', 'compat', 'old'])(
    'that ldconfig makes in the format %s reads as ldconfig prints it',
    (format) => {
      const folder = mkdtempSync(join(tmpdir(), 'bezel-ldconfig-'))
      try {
        const path = join(folder, 'cache')
        execFileSync(ldconfig ?? 'ldconfig', ['-X', '-c', format, '-C', path], { stdio: 'ignore' })
        expect(found(path).length).toBeGreaterThan(10)
        expect(found(path)).toEqual(printed(path))
      } finally {
        rmSync(folder, { recursive: true })
      }
    },
  )

  function printed(path: string): string[] {
    const text = execFileSync(ldconfig ?? 'ldconfig', ['-p', '-C', path], { encoding: 'utf8' })
    return [...text.matchAll(/^\t(\S+) \([^)]*\) => (\S+)$/gm)].map(([, name, library]) => `${name} ${library}`).sort()
  }

  function found(path: string): string[] {
    const read = readLoaderCache(readFileSync(path))
    return read.tag === 'Cache' ? [...read.libraries].flatMap(([name, paths]) => paths.map((each) => `${name} ${each}`)).sort() : []
  }
})

test('ld.so.conf gives folders and includes, without comments', () => {
  expect(readLoaderConfig('# a\n/usr/local/lib\ninclude /etc/ld.so.conf.d/*.conf\n/opt/x/lib /opt/y # two\nnonsense\n')).toEqual({
    folders: ['/usr/local/lib', '/opt/x/lib', '/opt/y'],
    includes: ['/etc/ld.so.conf.d/*.conf'],
  })
})

test("musl's path file separates by colons and lines", () => {
  expect(readMuslPath('/lib:/usr/local/lib\n/usr/lib\n')).toEqual(['/lib', '/usr/local/lib', '/usr/lib'])
})
