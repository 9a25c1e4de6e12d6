import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { findingRules } from './findings.ts'

const top = join(import.meta.dirname, '../..')
const tests = globSync('{src,test}/**/*.test.ts', { cwd: top }).map((path) => readFileSync(join(top, path), 'utf8'))

test('every finding is made in at least one test', () => {
  const untested = Object.keys(findingRules).filter((code) => !tests.some((text) => new RegExp(`\\b${code}\\b`).test(text)))
  expect(untested).toEqual([])
})
