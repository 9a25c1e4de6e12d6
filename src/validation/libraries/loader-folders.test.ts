import { expect, test } from 'vitest'
import { memoryTree } from '../../../test/support/memory-tree.ts'
import { loaderFolders } from './loader-folders.ts'

const folders = (files: Readonly<Record<string, string>>, libc: 'glibc' | 'musl', env = {}) =>
  loaderFolders(memoryTree(new Map(Object.entries(files))), libc, env)

test('without a cache, glibc looks where its configuration says, then where it was built to', () => {
  const { after, cached } = folders(
    {
      '/etc/ld.so.conf': 'include ld.so.conf.d/*.conf\n/usr/local/lib\n',
      '/etc/ld.so.conf.d/a.conf': '# libc default configuration\n/opt/a/lib\n',
      '/etc/ld.so.conf.d/b.conf': 'include /etc/more/[x]?.conf\n/opt/b/lib\n',
      '/etc/ld.so.conf.d/c.txt': '/opt/never\n',
      '/etc/more/[x]1.conf': '/opt/c/lib\n',
      '/usr/lib/x86_64-linux-gnu/libc.so.6': '',
    },
    'glibc',
  )
  expect(cached.size).toBe(0)
  expect(after).toEqual([
    '/usr/local/lib',
    '/opt/a/lib',
    '/opt/b/lib',
    '/opt/c/lib',
    '/lib/x86_64-linux-gnu',
    '/usr/lib/x86_64-linux-gnu',
    '/lib64',
    '/usr/lib64',
    '/lib',
    '/usr/lib',
  ])
})

test('a configuration that includes itself comes to an end', () => {
  expect(folders({ '/etc/ld.so.conf': 'include /etc/ld.so.conf\n/opt/lib\n' }, 'glibc').after).toContain('/opt/lib')
})

test('a cache that can not be read counts as none', () => {
  const { after, cached } = folders({ '/etc/ld.so.cache': 'nonsense', '/etc/ld.so.conf': '/opt/lib\n' }, 'glibc')
  expect([cached.size, after[0]]).toEqual([0, '/opt/lib'])
})

test('LD_LIBRARY_PATH comes first, its relative folders left out', () => {
  const env = { LD_LIBRARY_PATH: '/opt/one:lib;/opt/two:' }
  expect(folders({}, 'glibc', env).before).toEqual(['/opt/one', '/opt/two'])
  expect(folders({}, 'musl', env).before).toEqual(['/opt/one', '/opt/two'])
})

test("musl's folders are those of its own processor's path file, or its usual ones", () => {
  const loader = { '/lib/ld-musl-aarch64.so.1': '' }
  expect(folders(loader, 'musl')).toMatchObject({
    muslLoader: '/lib/ld-musl-aarch64.so.1',
    after: ['/lib', '/usr/local/lib', '/usr/lib'],
  })
  expect(folders({ ...loader, '/etc/ld-musl-aarch64.path': '/a\n/b:/c\n' }, 'musl').after).toEqual(['/a', '/b', '/c'])
  expect(folders({ ...loader, '/etc/ld-musl-x86_64.path': '/a\n' }, 'musl').after).toEqual(['/lib', '/usr/local/lib', '/usr/lib'])
  const both = memoryTree(new Map(Object.entries({ ...loader, '/lib/ld-musl-x86_64.so.1': '', '/etc/ld-musl-x86_64.path': '/a\n' })))
  expect(loaderFolders(both, 'musl', {}, '/lib/ld-musl-x86_64.so.1')).toMatchObject({
    muslLoader: '/lib/ld-musl-x86_64.so.1',
    after: ['/a'],
  })
})
