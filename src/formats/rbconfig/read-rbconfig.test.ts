import { describe, expect, test } from 'vitest'
import { readFixedPrefix, readRbConfig } from './read-rbconfig.ts'

const text = `module RbConfig
  TOPDIR = File.dirname(__FILE__).chomp!("/lib/ruby/3.3.0/x86_64-linux")
  DESTDIR = '' unless defined? DESTDIR
  CONFIG = {}
  CONFIG["DESTDIR"] = DESTDIR
  CONFIG["MAJOR"] = "3"
  CONFIG["prefix"] = (TOPDIR || DESTDIR + "/usr/local")
  CONFIG["ruby_version"] = "$(RUBY_API_VERSION).0"
  CONFIG["RUBY_API_VERSION"] = "$(MAJOR).3"
  CONFIG["libdir"] = "$(DESTDIR)\${prefix}/lib"
  CONFIG["loop"] = "$(pool)"
  CONFIG["pool"] = "$(loop)"
  CONFIG["configure_args"] = " '--with-x=\\"y\\"' $$HOME"
`

describe('an rbconfig.rb', () => {
  test('gives its values with references resolved, the prefix from its own place', () => {
    const config = readRbConfig(text, '/opt/rubies/3.3/lib/ruby/3.3.0/x86_64-linux/rbconfig.rb')
    if ('tag' in config) throw new Error(config.why)
    expect([config.get('prefix'), config.get('ruby_version'), config.get('libdir')]).toEqual([
      '/opt/rubies/3.3',
      '3.3.0',
      '/opt/rubies/3.3/lib',
    ])
    expect(config.get('configure_args')).toBe(` '--with-x="y"' $HOME`)
  })

  test('keeps the configured prefix when it was copied elsewhere', () => {
    const config = readRbConfig(text, '/tmp/rbconfig.rb')
    expect('tag' in config ? null : config.get('prefix')).toBe('/usr/local')
  })

  test('whose references run in a circle still ends', () => {
    const config = readRbConfig(text, '/tmp/rbconfig.rb')
    expect('tag' in config ? null : config.get('loop')).toBe('')
  })

  test('of other text is malformed', () => {
    expect(readRbConfig('puts 1', '/tmp/rbconfig.rb')).toMatchObject({ tag: 'Malformed' })
  })
})

test('tells the prefix of an interpreter that can not be moved', () => {
  expect(readFixedPrefix(text)).toBeNull()
  expect(readFixedPrefix(`${text}  CONFIG["LIBRUBY_RELATIVE"] = "no"\n`)).toBe('/usr/local')
  expect(readFixedPrefix(`${text}  CONFIG["LIBRUBY_RELATIVE"] = "yes"\n`)).toBeNull()
})
