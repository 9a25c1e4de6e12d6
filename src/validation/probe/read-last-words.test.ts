import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { readLastWords } from './read-last-words.ts'

const report = readFileSync(new URL('../../../test/fuzz/crash-report-samples/ruby-3.3-null-pointer.txt', import.meta.url), 'utf8')

test('a crash report gives its message, and the function of the probed file that faulted', () => {
  const library = /^(\S+\.so)\(\w+\+0x/m.exec(report.slice(report.indexOf('C level backtrace')))?.[1] ?? ''
  expect(readLastWords(report, [])).toEqual({ message: expect.stringMatching(/^\[BUG\] Segmentation fault/), site: null })
  expect(readLastWords(report, [library])?.site).toContain(` of ${library}`)
})

test.each([
  ["ruby: a.c:27: Init_a: Assertion `no' failed.\n", 'Assertion', 'Init_a'],
  ['double free or corruption (out)\n', 'double free or corruption (out)', null],
  ['ruby: symbol lookup error: /x/a.so: undefined symbol: rb_gone\n', 'undefined symbol', 'rb_gone'],
  ['\nsomething of its own\n', 'something of its own', null],
])('of %j is told message and site', (stderr, message, site) => {
  const words = readLastWords(stderr, [])
  expect(words?.message).toContain(message)
  expect(words?.site).toBe(site)
})

test('nothing is told of a death without a word', () => {
  expect(readLastWords('\n', [])).toBeNull()
})
