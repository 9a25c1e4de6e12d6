import { expect, test } from 'vitest'
import { splitFullName } from './full-name.ts'

test.each([
  ['pg-1.5.9', 'pg', '1.5.9', 'ruby'],
  ['nokogiri-1.16.0-x86_64-linux', 'nokogiri', '1.16.0', 'x86_64-linux'],
  ['ffi-1.17.0-x86_64-linux-gnu', 'ffi', '1.17.0', 'x86_64-linux-gnu'],
  ['omniauth-37signals-1.0.5', 'omniauth-37signals', '1.0.5', 'ruby'],
  ['json-schema-4.0.0.rc1', 'json-schema', '4.0.0.rc1', 'ruby'],
  ['oauth2-2.0.9', 'oauth2', '2.0.9', 'ruby'],
  ['rb-inotify-0.11-arm64-darwin-23', 'rb-inotify', '0.11', 'arm64-darwin-23'],
])('%s', (fullName, name, version, platform) => {
  expect(splitFullName(fullName)).toEqual({ name, version, platform })
})

test.each(['pg', 'pg-', '1.5.9', 'pg-x.y', ''])('%j is no full name', (text) => {
  expect(splitFullName(text)).toBeNull()
})
