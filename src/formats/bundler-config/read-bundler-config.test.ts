import { expect, test } from 'vitest'
import { readBundlerConfig } from './read-bundler-config.ts'

test("Bundler's settings are read with and without quotes, lists joined", () => {
  const text =
    '---\nBUNDLE_PATH: "vendor/bundle"\nBUNDLE_WITHOUT: development:test\nBUNDLE_BUILD__PG:\n  - "--with-a"\n  - "--with-b"\nnonsense\n'
  expect(Object.fromEntries(readBundlerConfig(text))).toEqual({
    BUNDLE_PATH: 'vendor/bundle',
    BUNDLE_WITHOUT: 'development:test',
    BUNDLE_BUILD__PG: '--with-a --with-b',
  })
})
