import { describe, expect, test } from 'vitest'
import { BezelError } from '../errors.ts'
import { describeError, exitCodeOf } from './report-error.ts'
import { wantsColour } from './stdout.ts'

describe('an error at the command line', () => {
  test('that was foreseen says what failed and what to do, and ends with its own code', () => {
    const error = new BezelError('PORT_TAKEN', 'port 3000 is taken', { remedy: ['kill 9', 'bezel run --port 3001'] })
    expect(describeError(error, false)).toBe('bezel: port 3000 is taken\n  try: kill 9\n  try: bezel run --port 3001\n')
    expect(exitCodeOf(error)).toBe(71)
  })

  test('that nobody foresaw is a fault of bezel: 70, and its stack in debug only', () => {
    const error = new TypeError('x is undefined')
    expect(describeError(error, false)).toMatch(/^bezel: TypeError: x is undefined\n {2}This is a fault in bezel itself.*BEZEL_DEBUG=1/)
    expect(describeError(error, false)).not.toContain('report-error.test.ts')
    expect(describeError(error, true)).toContain('report-error.test.ts')
    expect(exitCodeOf(error)).toBe(70)
    expect(describeError('just text', false)).toMatch(/^bezel: just text\n/)
  })

  test('of a kind that ends no command ends with 70', () => {
    expect(exitCodeOf(new BezelError('REQUEST_MALFORMED', 'x'))).toBe(70)
  })
})

test('colours are for terminals; FORCE_COLOR and NO_COLOR come before that', () => {
  const terminal = { isTTY: true }
  const pipe = { isTTY: false }
  expect(wantsColour(terminal, {})).toBe(true)
  expect(wantsColour(pipe, {})).toBe(false)
  expect(wantsColour(terminal, { TERM: 'dumb' })).toBe(false)
  expect(wantsColour(terminal, { NO_COLOR: '1' })).toBe(false)
  expect(wantsColour(terminal, { NO_COLOR: '' })).toBe(true)
  expect(wantsColour(pipe, { FORCE_COLOR: '1', NO_COLOR: '1' })).toBe(true)
  expect(wantsColour(terminal, { FORCE_COLOR: '0' })).toBe(false)
})
