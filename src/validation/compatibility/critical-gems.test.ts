import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { toRuntime } from '../runtime/runtime.ts'
import { criticalGems, newestPrecompiled, requiredRubyOf } from './critical-gems.ts'

const runtime = (minor: string, arch = 'x86_64-linux-gnu') =>
  toRuntime(
    new Map([
      ['MAJOR', minor.slice(0, 1)],
      ['MINOR', minor.slice(2)],
      ['TEENY', '0'],
      ['ruby_version', `${minor}.0`],
      ['arch', arch],
    ]),
    '/usr/bin/ruby',
    [],
  )

describe('the table of critical gems', () => {
  test('holds all thirteen, and its date', () => {
    const { made, gems } = criticalGems()
    expect(made).toMatch(/^\d{4}-\d\d-\d\d$/)
    expect(Object.keys(gems).sort()).toEqual([
      'bcrypt',
      'bootsnap',
      'ffi',
      'google-protobuf',
      'grpc',
      'iodine',
      'msgpack',
      'mysql2',
      'nio4r',
      'nokogiri',
      'pg',
      'puma',
      'sqlite3',
    ])
  })

  test('tells the Rubies of a build', () => {
    expect(requiredRubyOf('pg', '1.5.9', 'ruby')).toEqual(['>= 2.5'])
    expect(requiredRubyOf('pg', '0.0.1', 'ruby')).toBeNull()
  })

  test('finds the newest precompiled version for a Ruby', async () => {
    expect(await newestPrecompiled('nokogiri', runtime('2.5'))).toBe('1.12.5')
    expect(await newestPrecompiled('pg', runtime('2.7'))).toBe('1.6.2')
    expect(await newestPrecompiled('iodine', runtime('3.1'))).toBeNull()
  })
})

test('every known-bad combination names a public source and what to do', () => {
  const { combinations } = JSON.parse(readFileSync(new URL('../../../data/compatibility/known-bad.json', import.meta.url), 'utf8')) as {
    combinations: { source: string; remedy: string; why: string }[]
  }
  expect(combinations.length).toBeGreaterThan(10)
  for (const { source, remedy, why } of combinations)
    expect([source.startsWith('https://'), remedy !== '', why !== '']).toEqual([true, true, true])
})
