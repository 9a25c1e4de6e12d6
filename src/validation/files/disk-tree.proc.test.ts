import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { DiskTree } from './disk-tree.ts'

test('a file of an unpacked system that nobody there may read counts as closed, although root could read it here', () => {
  const root = mkdtempSync(join(tmpdir(), 'bezel-tree-'))
  try {
    const file = join(root, 'made.so')
    writeFileSync(file, 'made')
    const tree = new DiskTree(root)
    expect(tree.text('/made.so')).toBe('made')
    chmodSync(file, 0o200)
    expect(tree.text('/made.so')).toBeNull()
    expect(tree.troubles()).toEqual([{ path: '/made.so', errno: 'EACCES' }])
    const listing = new DiskTree(root)
    expect(listing.list('/')).toEqual([{ name: 'made.so', kind: 'file' }])
    expect(listing.text('/made.so')).toBeNull()
    expect(listing.troubles()).toEqual([{ path: '/made.so', errno: 'EACCES' }])
    if (process.getuid?.() === 0) expect(new DiskTree(null).text(file)).toBe('made')
  } finally {
    rmSync(root, { recursive: true })
  }
})

test('what a listing has shown is found without a second look, and is no longer what it was only if the file says so when it is opened', () => {
  const root = mkdtempSync(join(tmpdir(), 'bezel-tree-'))
  try {
    mkdirSync(join(root, 'lib/pg'), { recursive: true })
    writeFileSync(join(root, 'lib/pg/pg.rb'), 'made')
    writeFileSync(join(root, 'lib/gone.rb'), '')
    symlinkSync('pg/pg.rb', join(root, 'lib/pg.rb'))
    execFileSync('mkfifo', [join(root, 'lib/pipe')])
    const tree = new DiskTree(root)
    expect(tree.list('/lib').map(({ name, kind }) => `${name} ${kind}`)).toEqual(['gone.rb file', 'pg folder', 'pg.rb link', 'pipe other'])
    expect([...tree.names('/lib')].sort()).toEqual(['gone.rb', 'pg', 'pg.rb', 'pipe'])
    expect(tree.names('/lib/pg.rb')).toEqual([])
    rmSync(join(root, 'lib/gone.rb'))
    symlinkSync('/etc/passwd', join(root, 'lib/gone.rb'))
    expect(['/lib/gone.rb', '/lib/pg', '/lib/pipe'].map((path) => tree.open(path))).toEqual([null, null, null])
    expect(tree.realPath('/lib/pg.rb')).toBe('/lib/pg/pg.rb')
    expect(tree.text('/lib/pg/../pg.rb')).toBe('made')
    expect(['/lib/pg', '/lib/pg/pg.rb', '/lib/pg.rb', '/lib/pipe', '/lib/none'].map((path) => tree.kind(path))).toEqual([
      'folder',
      'file',
      'file',
      'other',
      null,
    ])
  } finally {
    rmSync(root, { recursive: true })
  }
})
