import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
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
    if (process.getuid?.() === 0) expect(new DiskTree(null).text(file)).toBe('made')
  } finally {
    rmSync(root, { recursive: true })
  }
})
