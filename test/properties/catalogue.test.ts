import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { catalogue } from './catalogue.ts'

const here = import.meta.dirname
const sources = readdirSync(here)
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => readFileSync(join(here, name), 'utf8'))

function isTested(number: number, kind: 'modelProperty' | 'realProperty'): boolean {
  return sources.some((text) => new RegExp(`\\b${kind}\\(\\s*${number},`).test(text))
}

describe('the catalogue', () => {
  test('holds the 28 properties', () => {
    expect(catalogue.map(({ number }) => number)).toEqual(Array.from({ length: 28 }, (_, index) => index + 1))
  })

  test.each(catalogue)('$number is tested on the model and on real processes', ({ number }) => {
    expect({ model: isTested(number, 'modelProperty'), real: isTested(number, 'realProperty') }).toEqual({ model: true, real: true })
  })
})
