import { expect, test } from 'vitest'
import { memoryTree } from '../../../test/support/memory-tree.ts'
import { checkTroubles } from './check-files.ts'

test('a path of which another finding speaks is not told again', () => {
  const tree = {
    ...memoryTree(new Map()),
    troubles: () => [
      { path: '/app/vendor/a.so', errno: 'EACCES' },
      { path: '/app/vendor/b', errno: 'EACCES' },
    ],
  }
  expect(checkTroubles(tree, '/app', null, new Set(['/app/vendor/a.so']))).toMatchObject([
    { code: 'FILE_UNREADABLE', evidence: [{ where: '/app/vendor/b' }] },
  ])
  expect(checkTroubles(tree, '/app', null, new Set(['/app/vendor/a.so', '/app/vendor/b']))).toEqual([])
})
