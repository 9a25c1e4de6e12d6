import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { catalogue } from './catalogue.ts'
import { statusLine, statusOf } from './status.ts'

const here = import.meta.dirname
const sources = readdirSync(here)
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => readFileSync(join(here, name), 'utf8'))

function isTested(number: number, kind: 'modelProperty' | 'realProperty'): boolean {
  return sources.some((text) => new RegExp(`\\b${kind}\\(\\s*${number},`).test(text))
}

describe('the catalogue', () => {
  test('holds the 28 properties, each with a status', () => {
    expect(catalogue.map(({ number }) => number)).toEqual(Array.from({ length: 28 }, (_, index) => index + 1))
    expect(Object.keys(statusOf).map(Number)).toEqual(catalogue.map(({ number }) => number))
  })

  test.each(catalogue.filter(({ number }) => statusOf[number]?.tag === 'Held'))(
    '$number is tested on the model and on real processes',
    ({ number }) => {
      expect({ model: isTested(number, 'modelProperty'), real: isTested(number, 'realProperty') }).toEqual({ model: true, real: true })
    },
  )

  test.each(catalogue.filter(({ number }) => statusOf[number]?.tag === 'Pending'))(
    '$number is pending, with a reason, and not tested by halves',
    ({ number }) => {
      const status = statusOf[number]
      expect(status?.tag === 'Pending' ? status.why : '').not.toBe('')
      expect(isTested(number, 'modelProperty') && isTested(number, 'realProperty')).toBe(false)
    },
  )

  test("the README's status line is this one", () => {
    expect(readFileSync(join(here, '../../README.md'), 'utf8')).toContain(statusLine())
  })
})
