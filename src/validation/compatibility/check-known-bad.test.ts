import { expect, test } from 'vitest'
import type { InstalledGem } from '../gems/installed-gem.ts'
import { toRuntime } from '../runtime/runtime.ts'
import { checkKnownBad } from './check-known-bad.ts'

function codes(name: string, version: string, ruby = '3.1.2', arch = 'x86_64-linux-gnu', platform = 'ruby') {
  const [major = '', minor = '', teeny = ''] = ruby.split('.')
  const config = { MAJOR: major, MINOR: minor, TEENY: teeny, ruby_version: `${major}.${minor}.0`, arch }
  const gem = { name, version, platform, specPath: `/specifications/${name}-${version}.gemspec` } as InstalledGem
  return checkKnownBad([gem], toRuntime(new Map(Object.entries(config)), '/usr/bin/ruby', []))
}

test.each([
  ['pg', '1.5.0', '1.5.3'],
  ['iodine', '0.7.48', '0.7.49'],
  ['bcrypt', '3.1.14', '3.1.15'],
  ['bcrypt', '3.1.18', '3.1.19'],
  ['bcrypt', '3.1.11', '3.1.12'],
  ['nio4r', '2.5.3', '2.5.4'],
  ['ffi', '1.16.3', '1.17.0'],
  ['sqlite3', '2.0.4', '2.1.0'],
  ['grpc', '1.76.0', '1.75.0'],
])('%s %s is known to be bad, and %s is not', async (name, bad, good) => {
  expect(await codes(name, bad)).toMatchObject([{ code: 'KNOWN_BAD_VERSION', gem: name }])
  expect(await codes(name, good)).toEqual([])
})

test('a combination holds for its Rubies only', async () => {
  expect((await codes('iodine', '0.7.49', '3.2.0')).map(({ code }) => code)).toEqual(['KNOWN_BAD_VERSION'])
  expect(await codes('iodine', '0.7.49', '3.1.0')).toEqual([])
})

test('a Ruby can be bad itself, on its processor', async () => {
  expect(await codes('pg', '1.6.0', '3.3.0', 'aarch64-linux-gnu')).toMatchObject([{ code: 'KNOWN_BAD_VERSION', gem: null }])
  expect(await codes('pg', '1.6.0', '3.3.0')).toEqual([])
  expect(await codes('pg', '1.6.0', '3.3.1', 'aarch64-linux-gnu')).toEqual([])
})

test('what is said of precompiled gems on musl does not hold for source gems', async () => {
  expect(await codes('grpc', '1.70.0', '3.1.2', 'x86_64-linux-musl', 'x86_64-linux')).toHaveLength(1)
  expect(await codes('grpc', '1.70.0', '3.1.2', 'x86_64-linux-musl')).toEqual([])
})
