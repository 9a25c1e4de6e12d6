import { describe, expect, test } from 'vitest'
import { readGemfileRuby } from './read-gemfile-ruby.ts'

describe("a Gemfile's ruby line", () => {
  test.each([
    ['source "x"\nruby "3.1.2"\n', { tag: 'Requirement', parts: ['3.1.2'], line: 2 }],
    ['ruby "~> 3.1", ">= 3.1.2"', { tag: 'Requirement', parts: ['~> 3.1', '>= 3.1.2'], line: 1 }],
    ["ruby('3.1.2')", { tag: 'Requirement', parts: ['3.1.2'], line: 1 }],
    ['ruby "3.1.2", patchlevel: "20"', { tag: 'Requirement', parts: ['3.1.2'], line: 1 }],
    ['ruby file: ".ruby-version"', { tag: 'File', path: '.ruby-version', line: 1 }],
    ['ruby ENV.fetch("RUBY")', { tag: 'Computed', line: 1 }],
    ['ruby "#{version}"', { tag: 'Computed', line: 1 }],
    ['if ENV["NEXT"]\n  ruby "3.4.0"\nelse\n  ruby "3.1.2"\nend\n', { tag: 'Computed', line: 2 }],
    ['ruby "3.4.0" if ENV["NEXT"]', { tag: 'Computed', line: 1 }],
    [
      '=begin\nruby "3.4.0"\n=end\nputs <<~TEXT\n  ruby "9"\nTEXT\nruby "3.1.2"\n__END__\nruby "2.7"\n',
      { tag: 'Requirement', parts: ['3.1.2'], line: 7 },
    ],
    ['ruby "3.1.2",\n  # as in production\n  patchlevel: "20"\n', { tag: 'Requirement', parts: ['3.1.2'], line: 1 }],
    ['# ruby "3"\nruby_version = 1\ngem "ruby"\n', { tag: 'Absent' }],
  ])('%j', (text, expected) => {
    expect(readGemfileRuby(text)).toEqual(expected)
  })
})
