import { describe, expect, test } from 'vitest'
import { gemOfPath, standardExtension } from './gem-path.ts'
import { compareVersions, meetsRequirement } from './gem-version.ts'
import { ownerOfFeature, ownerOfFile } from './known-owners.ts'

describe('a path', () => {
  test.each([
    ['/srv/bundle/ruby/3.1.0/gems/pg-1.5.3/lib/pg_ext.so', 'pg', '1.5.3'],
    [
      '/usr/local/bundle/gems/google-protobuf-3.0.0.alpha.5.0.1-x86_64-linux/lib/google/protobuf_c.so',
      'google-protobuf',
      '3.0.0.alpha.5.0.1',
    ],
    ['/g/gems/nokogiri-1.18.4-x86_64-linux-gnu/lib/nokogiri/3.2/nokogiri.so', 'nokogiri', '1.18.4'],
    ['/g/gems/bcrypt-3.1.18-i386/lib/bcrypt_ext.so', 'bcrypt', '3.1.18'],
    ['/Users/d/.rvm/gems/ruby-1.9.3-p194@global/gems/pg-0.14.0/lib/pg_ext.bundle', 'pg', '0.14.0'],
    ['.rvm/gems/ruby-2.5.0/gems/ruby-vips-2.0.9/lib/vips/operation.rb', 'ruby-vips', '2.0.9'],
    ['/b/ruby/3.2.0/bundler/gems/grpc-7d6c64d4f85b/src/ruby/lib/grpc/grpc_c.so', 'grpc', null],
    ['/usr/lib/x/rubygems-integration/3.3.0/extensions/x86_64-linux-gnu/3.3.0/ffi-1.17.0/ffi_c.so', 'ffi', '1.17.0'],
    ['/r/lib/ruby/gems/4.1.0+3/gems/html-to-markdown-3.4.0-arm64-darwin/lib/x.bundle', 'html-to-markdown', '3.4.0'],
    ['sentry-ruby-5.27.0/lib/sentry-ruby.rb', 'sentry-ruby', '5.27.0'],
    ['/usr/lib/ruby/vendor_ruby/pg/connection.rb', 'pg', null],
    ['/srv/app/vendor/gems/billing/lib/billing.rb', 'billing', null],
  ])('%s lies in %s %s', (path, gem, version) => {
    expect(gemOfPath(path)).toMatchObject({ gem, version })
  })

  test.each([
    '/usr/local/lib/ruby/3.3.0/set.rb',
    '/home/d/.rvm/gems/ruby-2.5.0/bin/x',
    '/usr/lib/ruby/vendor_ruby/rubygems/core_ext/kernel_require.rb',
    '/srv/app/lib/jobs.rb',
    '',
    '/',
  ])('%s lies in no gem', (path) => {
    expect(gemOfPath(path)).toBeNull()
  })

  test("of Ruby's own compiled files names the library", () => {
    expect(standardExtension('/usr/lib/x86_64-linux-gnu/ruby/2.7.0/openssl.so')).toBe('openssl')
    expect(standardExtension('/r/lib/ruby/3.4.0/x86_64-linux/json/ext/parser.so')).toBe('json/ext/parser')
    expect(ownerOfFile('/r/lib/ruby/3.4.0/x86_64-linux/json/ext/parser.so')).toMatchObject({ gem: 'json' })
    expect(ownerOfFile('/usr/lib/x86_64-linux-gnu/ruby/vendor_ruby/3.3.0/pg_ext.so')).toMatchObject({ gem: 'pg' })
    expect(ownerOfFile('/usr/lib/x86_64-linux-gnu/ruby/3.3.0/enc/encdb.so')).toBeNull()
  })
})

describe('a compiled file in a working copy', () => {
  test('belongs to the folder above lib if it bears its name', () => {
    expect(ownerOfFile('/home/me/Dev/mill/lib/mill/mill_ext.bundle')).toMatchObject({ gem: 'mill', by: 'name' })
    expect(ownerOfFile('/home/me/Dev/mill/lib/kiln.so')).toBeNull()
    expect(ownerOfFile('/usr/lib/libmill.so')).toBeNull()
  })
})

describe('a version', () => {
  test('is compared as RubyGems does', () => {
    const sorted = ['1.0.a', '1.0', '1.0.1', '1.2', '1.10', '2.0.0.rc1', '2.0.0']
    expect(sorted.toSorted(compareVersions)).toEqual(sorted)
  })

  test('meets a requirement of several parts, or one of several', () => {
    expect(meetsRequirement('1.5.2', '>= 1.5.0, < 1.5.3')).toBe(true)
    expect(meetsRequirement('1.5.3', '>= 1.5.0, < 1.5.3')).toBe(false)
    expect(['3.1.14', '3.1.15', '3.1.18'].map((version) => meetsRequirement(version, '3.1.14 || 3.1.18'))).toEqual([true, false, true])
    expect(meetsRequirement('1.0', 'nonsense here')).toBe(false)
  })
})

test('a compiled file is known with and without its suffix, and with the number of its Ruby', () => {
  for (const feature of ['RMagick2', 'RMagick2.so', 'RMagick2.bundle']) expect(ownerOfFeature(feature)).toMatchObject({ gem: 'rmagick' })
  for (const feature of ['oci8lib_330', 'oci8lib_191.so']) expect(ownerOfFeature(feature)).toMatchObject({ gem: 'ruby-oci8' })
})
