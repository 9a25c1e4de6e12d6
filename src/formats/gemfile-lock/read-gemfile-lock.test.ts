import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readGemfileLock } from './read-gemfile-lock.ts'

const lock = `GIT
  remote: https://example.test/widgets.git
  revision: 0123456789abcdef0123456789abcdef01234567
  branch: main
  glob: gems/*.gemspec
  specs:
    widgets (0.2.0)
      pg (>= 1)

PATH
  remote: engines/billing
  specs:
    billing (0.1.0)

GEM
  remote: https://rubygems.org/
  remote: https://gems.example.test/
  specs:
    bcrypt (3.1.20)
    nokogiri (1.16.0)
      mini_portile2 (~> 2.8.2)
      racc (~> 1.4)
    nokogiri (1.16.0-x86_64-linux)
      racc (~> 1.4)
    pg (1.5.4)
    racc (1.7.3)

PLATFORMS
  ruby
  x86_64-linux

DEPENDENCIES
  bcrypt (~> 3.1, >= 3.1.7)
  billing!
  nokogiri
  pg
  widgets!

CHECKSUMS
  bcrypt (3.1.20) sha256=aa11
  billing (0.1.0)
  nokogiri (1.16.0-x86_64-linux) sha256=bb22,sha512=ff

RUBY VERSION
   ruby 3.1.2p20

BUNDLED WITH
   2.3.15
`

function read(text: string) {
  const answer = readGemfileLock(text)
  if (answer.tag !== 'Lock') throw new Error(`line ${answer.line}: ${answer.why}`)
  return answer
}

describe('a Gemfile.lock', () => {
  test('gives each gem with its variants, source, needs and checksum', () => {
    const { gems } = read(lock)
    expect([...gems.keys()]).toEqual(['widgets', 'billing', 'bcrypt', 'nokogiri', 'pg', 'racc'])
    expect(gems.get('nokogiri')).toMatchObject({
      version: '1.16.0',
      variants: [
        { version: '1.16.0', platform: 'ruby', sha256: null },
        { version: '1.16.0', platform: 'x86_64-linux', sha256: 'bb22' },
      ],
      dependencies: ['mini_portile2', 'racc'],
    })
    expect(gems.get('widgets')?.source).toEqual({
      tag: 'Git',
      remote: 'https://example.test/widgets.git',
      revision: '0123456789abcdef0123456789abcdef01234567',
      glob: 'gems/*.gemspec',
    })
    expect(gems.get('billing')?.source).toEqual({ tag: 'Path', remote: 'engines/billing', glob: null })
    expect(gems.get('bcrypt')?.variants[0]?.sha256).toBe('aa11')
  })

  test('gives platforms, Ruby, Bundler and what the Gemfile asks for', () => {
    const { platforms, rubyVersion, bundledWith, dependencies } = read(lock)
    expect({ platforms, rubyVersion, bundledWith }).toEqual({
      platforms: ['ruby', 'x86_64-linux'],
      rubyVersion: '3.1.2p20',
      bundledWith: '2.3.15',
    })
    expect(Object.fromEntries(dependencies)).toEqual({ bcrypt: '~> 3.1, >= 3.1.7', billing: '', nokogiri: '', pg: '', widgets: '' })
  })

  test('reads the same with Windows line ends, a byte order mark and a section from the future', () => {
    expect(read(`\uFEFF${lock}\nTHE FUTURE\n  anything: at all\n`.replaceAll('\n', '\r\n'))).toEqual(read(lock))
  })

  test('may be empty', () => {
    expect(read('').gems.size).toBe(0)
  })

  test.each([
    ['a merge conflict', lock.replace('    pg (1.5.4)', '<<<<<<< HEAD\n    pg (1.5.4)'), 25, 'merge conflict'],
    ['text of another kind', 'source "https://rubygems.org"\n', 1, 'no section'],
    ['a spec without a name', lock.replace('    pg (1.5.4)', '    (1.5.4)'), 25, 'expected a gem'],
    ['bytes', 'GEM\n  remote: \0\n', 2, 'NUL'],
    ['an endless line', `GEM\n  remote: ${'x'.repeat(10_000)}\n`, 2, 'a line of'],
  ])('is refused with its line when it holds %s', (_what, text, line, why) => {
    expect(readGemfileLock(text)).toMatchObject({ tag: 'Malformed', line, why: expect.stringContaining(why) })
  })

  test('never makes the reader throw', () => {
    const words = fc.constantFrom(
      'GEM\n',
      '  specs:\n',
      '    pg (1)\n',
      '      a\n',
      'PLATFORMS\n',
      '\0',
      ' ',
      '(',
      ')',
      '-',
      '!',
      '\r\n',
      'GIT\n',
    )
    fc.assert(
      fc.property(fc.array(fc.oneof(words, fc.string()), { maxLength: 60, size: 'max' }), (pieces) => {
        expect(['Lock', 'Malformed']).toContain(readGemfileLock(pieces.join('')).tag)
      }),
    )
  })
})
