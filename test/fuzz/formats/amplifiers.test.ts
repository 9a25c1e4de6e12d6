import { expect, test } from 'vitest'
import { amplifiers } from './amplifiers.ts'

/** Most take a few milliseconds; where a reader is quadratic they take minutes. */
const withinMs = 10_000
const withinMb = 400

test.each(Object.keys(amplifiers))('%s cost no reader more than seconds and some memory', { timeout: 60_000 }, (name) => {
  const startedMs = performance.now()
  const before = process.memoryUsage().rss
  expect(() => amplifiers[name]?.()).not.toThrow()
  expect(performance.now() - startedMs).toBeLessThan(withinMs)
  expect((process.memoryUsage().rss - before) / 2 ** 20).toBeLessThan(withinMb)
})
