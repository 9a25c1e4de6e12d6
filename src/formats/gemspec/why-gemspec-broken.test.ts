import { expect, test } from 'vitest'
import { whyGemspecBroken } from './why-gemspec-broken.ts'

const whole = `# -*- encoding: utf-8 -*-
# stub: pg 1.5.9 ruby lib\0ext
# stub: ext/extconf.rb

Gem::Specification.new do |s|
  s.name = "pg".freeze
end
`

test('a specification as RubyGems writes it, or a hand-written one, is not broken', () => {
  for (const text of [whole, whole.trimEnd(), whole.replaceAll('\n', '\r\n'), 'spec = Gem::Specification.new\nspec.name = "pg"\nspec\n'])
    expect(whyGemspecBroken(text)).toBeNull()
})

test.each([
  ['', 'empty'],
  ['\n\n', 'empty'],
  ['\x7fELF\x02\x01\x01\0', 'no text'],
  ['version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n', 'a Git LFS pointer, not the file it stands for'],
  ['<!DOCTYPE html><title>404</title>', 'an HTML or XML page'],
  [whole.replace('  s.name', '<<<<<<< HEAD\n  s.name'), 'amid a merge: a conflict marker in line 6'],
  ['\0'.repeat(100), 'no text'],
  [whole.slice(0, 100), 'cut: its last "end" is missing'],
])('%j is broken', (text, why) => {
  expect(whyGemspecBroken(text)).toBe(why)
})
