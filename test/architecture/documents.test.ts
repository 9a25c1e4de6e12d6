import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from './source-tree.ts'

/** Paths of this project in a text: what stands in backquotes and begins with a folder of ours. */
function pathsIn(text: string): string[] {
  return [...text.matchAll(/`((?:src|test|scripts|bench|bin|docs|ruby|data|examples)\/[^`\s]*)`/g)].map(([, path = '']) => path)
}

test.each(['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md'])('every path that %s names is there', (name) => {
  const paths = pathsIn(readFileSync(join(root, name), 'utf8'))
  expect(paths.length).toBeGreaterThan(0)
  expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([])
})
