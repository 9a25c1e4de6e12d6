import { existsSync } from 'node:fs'
import { basename } from 'node:path'
import { expect, test } from 'vitest'
import { findDataPlaneFile } from './data-plane-file.ts'

test('sources have a data plane bundled, whose name no other one bears', async () => {
  const file = await findDataPlaneFile()
  expect(basename(file)).toMatch(/^data-plane-[\w-]{6,}\.mjs$/)
  expect(existsSync(file)).toBe(true)
})
