import { describe, expect, test } from 'vitest'
import causes from '../../../data/known-causes/known-causes.json' with { type: 'json' }
import extensions from '../../../data/known-causes/extensions.json' with { type: 'json' }
import packages from '../../../data/known-causes/packages.json' with { type: 'json' }
import { fillRemedy, packageOf } from './known-causes.ts'

const expressions = [
  'subject',
  'symbol',
  'message',
  'className',
  'library',
  'platform',
  'cMethod',
  'cSymbol',
  'cLibrary',
  'mapped',
  'mapped2',
  'text',
  'text2',
]

describe('the known causes', () => {
  test.each(causes.map((cause) => [cause.id, cause] as const))(
    '%s is whole: a signature that compiles, a remedy, a public source',
    (_, cause) => {
      expect(cause.title.length).toBeGreaterThan(10)
      expect(Object.keys(cause.when).length).toBeGreaterThan(0)
      for (const [key, value] of Object.entries(cause.when))
        if (expressions.includes(key)) expect(() => new RegExp(String(value))).not.toThrow()
      expect(cause.remedy.length).toBeGreaterThan(0)
      for (const line of cause.remedy)
        for (const [, name] of line.matchAll(/\{(\w+)\}/g))
          expect(['gem', 'version', 'file', 'library', 'subject', 'symbol', 'package']).toContain(name)
      expect(cause.link).toMatch(/^https:\/\//)
    },
  )

  test('the lists of owners and packages compile', () => {
    for (const [form = ''] of [...extensions.libraries, ...extensions.symbols, ...packages.packages])
      expect(() => new RegExp(form)).not.toThrow()
  })
})

describe('a remedy', () => {
  const names = { gem: 'pg', version: '1.5.3', file: null }

  test('is filled with what is known', () => {
    expect(fillRemedy(['gem pristine {gem}[[ --version {version}]]'], names)).toEqual(['gem pristine pg --version 1.5.3'])
  })

  test('leaves out what is not known, and no half sentence', () => {
    expect(fillRemedy(['gem pristine {gem}[[ --version {version}]]', 'ldd {file}'], { ...names, version: null })).toEqual([
      'gem pristine pg',
    ])
  })

  test('keeps braces that are not its own', () => {
    expect(fillRemedy(['before_fork { x }', 'docker inspect --format {{.State.OOMKilled}} C'], names)).toHaveLength(2)
  })
})

test('a package is known by the start of the file name', () => {
  expect(packageOf('libpq.so.5')).toBe('libpq5')
  expect(packageOf('libunheardof.so')).toBeNull()
})
