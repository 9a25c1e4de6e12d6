import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readGemspec } from './read-gemspec.ts'

describe('a gemspec', () => {
  test('as RubyGems installs it is read from its stub lines', () => {
    const text = `# -*- encoding: utf-8 -*-
# stub: nokogiri 1.16.0 x86_64-linux lib\0ext
# stub: ext/nokogiri/extconf.rb\0ext/other/extconf.rb

Gem::Specification.new do |s|
  s.name = "nokogiri".freeze
  s.version = "1.16.0"
  s.required_ruby_version = Gem::Requirement.new([">= 3.0".freeze, "< 3.4.dev".freeze])
end
`
    expect(readGemspec(text)).toEqual({
      name: 'nokogiri',
      version: '1.16.0',
      platform: 'x86_64-linux',
      requirePaths: ['lib', 'ext'],
      extensions: ['ext/nokogiri/extconf.rb', 'ext/other/extconf.rb'],
      requiredRubyVersion: ['>= 3.0', '< 3.4.dev'],
      fromStub: true,
    })
  })

  test('without extensions has no second stub line', () => {
    expect(readGemspec('# stub: rack 3.0.0 ruby lib\n\nGem::Specification.new do |s|\nend\n')).toMatchObject({
      name: 'rack',
      extensions: [],
      requiredRubyVersion: null,
    })
  })

  test('written by hand is read as far as it is plain text', () => {
    const text = `Gem::Specification.new do |spec|
  spec.name = 'widgets'
  spec.version = Widgets::VERSION
  spec.require_paths = ["lib", "vendor"]
  spec.extensions = %w[ext/extconf.rb]
  spec.required_ruby_version = ">= 2.7"
end`
    expect(readGemspec(text)).toMatchObject({
      name: 'widgets',
      version: '',
      requirePaths: ['lib', 'vendor'],
      extensions: ['ext/extconf.rb'],
      requiredRubyVersion: ['>= 2.7'],
      fromStub: false,
    })
  })

  test('never makes the reader throw', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 400, size: 'max' }), (text) => {
        readGemspec(text)
        readGemspec(`# stub: ${text}`)
      }),
    )
  })
})
