import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readLoaderCache } from './read-loader-cache.ts'
import { readLoaderConfig, readMuslPath } from './read-loader-config.ts'

/** A cache of glibc with the given entries, behind an empty table of the older format if asked. */
function cache(entries: readonly (readonly [string, string])[], behindOld: boolean): Buffer {
  const strings = Buffer.from(entries.map(([name, path]) => `${name}\0${path}\0`).join(''), 'latin1')
  const head = Buffer.alloc(48 + entries.length * 24)
  head.write('glibc-ld.so.cache1.1', 'latin1')
  head.writeUInt32LE(entries.length, 20)
  head.writeUInt32LE(strings.length, 24)
  head[28] = 2
  let at = head.length
  for (const [index, [name, path]] of entries.entries()) {
    head.writeUInt32LE(at, 48 + index * 24 + 4)
    head.writeUInt32LE(at + name.length + 1, 48 + index * 24 + 8)
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

  test.each([false, true])('gives every path of a name in order, behind the older table: %s', (behindOld) => {
    const read = readLoaderCache(cache(entries, behindOld))
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
    const printed = execFileSync(ldconfig ?? 'ldconfig', ['-p'], { encoding: 'utf8' })
    const expected = [...printed.matchAll(/^\t(\S+) \([^)]*\) => (\S+)$/gm)].map(([, name, path]) => `${name} ${path}`)
    const read = readLoaderCache(readFileSync('/etc/ld.so.cache'))
    const found = read.tag === 'Cache' ? [...read.libraries].flatMap(([name, paths]) => paths.map((path) => `${name} ${path}`)) : []
    expect(found.sort()).toEqual(expected.sort())
  })
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
