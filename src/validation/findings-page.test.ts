import { join } from 'node:path'
import { expect, test } from 'vitest'
import { causesBeforeBoot, findingsPage } from './findings-page.ts'

test('docs/findings.md is made from the table of findings', async () => {
  await expect(findingsPage()).toMatchFileSnapshot(join(import.meta.dirname, '../../docs/findings.md'))
})

test('each of the 45 causes that can be seen before boot has a finding, or a reason why not', () => {
  expect(causesBeforeBoot).toHaveLength(45)
  for (const { cause, findings, note } of causesBeforeBoot) expect([cause, findings.length > 0 !== note.length > 0]).toEqual([cause, true])
})
