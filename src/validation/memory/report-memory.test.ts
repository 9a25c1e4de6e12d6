import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { ValidationReport } from '../validation-report.ts'
import { ReportFile } from './report-memory.ts'

let folder = ''
let path = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bezel-memory-'))
  path = join(folder, 'validation.json')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const report: ValidationReport = {
  verdict: 'unknown',
  findings: [{ code: 'ORIGIN_UNKNOWN', gem: 'a', severity: 'warning', evidence: [], explanation: 'é', remedy: ['bundle pristine a'] }],
  gems: [],
  ruby: { version: '3.1.2', abi: '3.1.0', path: '/usr/bin/ruby3.1' },
  scope: 'lock',
  extensions: 1,
  tookMs: 7,
}
const remembered = { report, footprint: new Map([['/app/é.so', 'file 1 2.5 3']]) }

test('what was kept for a key is recalled for it, and for no other', () => {
  new ReportFile(path).keep('one', remembered)
  expect(new ReportFile(path).recall('one')).toEqual(remembered)
  expect(new ReportFile(path).recall('other')).toBeNull()
})

test('the newest replaces what was there, for its owner only', () => {
  const file = new ReportFile(path)
  file.keep('one', remembered)
  file.keep('two', remembered)
  expect(file.recall('one')).toBeNull()
  expect(statSync(path).mode & 0o777).toBe(0o600)
})

test('a file that was changed or cut anywhere is not believed', () => {
  const file = new ReportFile(path)
  file.keep('one', remembered)
  const whole = readFileSync(path)
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), fc.boolean(), (at, change, cut) => {
      const bytes = Buffer.from(whole)
      bytes[at] = (bytes[at] ?? 0) ^ change
      writeFileSync(path, cut ? bytes.subarray(0, at) : bytes)
      return file.recall('one') === null
    }),
    { numRuns: 500 },
  )
})

test('a file that is none, or is not there, is not believed', () => {
  const file = new ReportFile(path)
  expect(file.recall('one')).toBeNull()
  for (const text of ['', '\n', 'null', '{}', `${'0'.repeat(64)}\n{}`]) {
    writeFileSync(path, text)
    expect(file.recall('one')).toBeNull()
  }
  expect(new ReportFile(folder).recall('one')).toBeNull()
})

test('where it can not be written, nothing is kept and nothing is thrown', () => {
  const file = new ReportFile(join(folder, 'missing/validation.json'))
  file.keep('one', remembered)
  expect(file.recall('one')).toBeNull()
})

test('more paths than any app has are not kept', () => {
  const file = new ReportFile(path)
  file.keep('one', { report, footprint: new Map(Array.from({ length: 100_001 }, (_, index) => [`/${index}`, 'absent'])) })
  expect(file.recall('one')).toBeNull()
})
