import { expect, test } from 'vitest'
import { fitsPlatform } from './platform.ts'

test.each([
  ['x86_64-linux', 'x86_64-linux', true],
  ['x86_64-linux-gnu', 'x86_64-linux', true],
  ['x86_64-linux', 'x86_64-linux-musl', true],
  ['x86_64-linux-gnu', 'x86_64-linux-musl', false],
  ['x86_64-linux-musl', 'x86_64-linux', false],
  ['aarch64-linux', 'x86_64-linux', false],
  ['arm-linux-gnu', 'arm-linux-gnueabihf', true],
  ['arm-linux-gnu', 'armv7l-linux-eabihf', true],
  ['arm-linux-musl', 'arm-linux-gnueabihf', false],
  ['arm64-darwin', 'arm64-darwin-23', true],
  ['universal-darwin', 'arm64-darwin-23', true],
  ['x64-mingw-ucrt', 'x86_64-linux', false],
])('a gem for %s on %s: %s', (gem, local, fits) => {
  expect(fitsPlatform(gem, local)).toBe(fits)
})
