import { expect, test } from 'vitest'
import { readGemfileGems } from '../../formats/gemfile/read-gemfile-gems.ts'
import { readGemfileLock } from '../../formats/gemfile-lock/read-gemfile-lock.ts'
import type { InstalledGem } from './installed-gem.ts'
import { readNeeds } from './read-needs.ts'

const lock = readGemfileLock(`GEM
  remote: https://rubygems.org/
  specs:
    ffi (1.17.0)
    listen (3.9.0)
      ffi
    mini_portile2 (2.8.7)
    nokogiri (1.16.0)
      mini_portile2
      racc
    nokogiri (1.16.0-x86_64-linux)
      racc
    racc (1.8.0)
    thor (1.3.0)

PLATFORMS
  ruby
  x86_64-linux

DEPENDENCIES
  listen
  nokogiri
  thor
`)

test('a gem is needed always, in a group only, or by nobody who is installed', () => {
  if (lock.tag !== 'Lock') throw new Error(lock.why)
  const gemfile = readGemfileGems('gem "nokogiri"\ngroup :development do\n  gem "listen"\nend\neval_gemfile "more"\n')
  const of = (platform: string) => readNeeds(lock, gemfile, [{ name: 'nokogiri', platform } as InstalledGem])
  expect(['nokogiri', 'racc', 'listen', 'ffi', 'thor'].map(of('x86_64-linux'))).toEqual([
    'always',
    'always',
    'sometimes',
    'sometimes',
    'unclear',
  ])
  expect(of('x86_64-linux')('mini_portile2')).toBe('sometimes')
  expect(of('ruby')('mini_portile2')).toBe('always')
})

test('what only one build of an absent gem needs is unclear, and what every build needs is needed always', () => {
  if (lock.tag !== 'Lock') throw new Error(lock.why)
  const of = readNeeds(lock, readGemfileGems('gem "nokogiri"\n'), [])
  expect(['nokogiri', 'racc', 'mini_portile2'].map(of)).toEqual(['always', 'always', 'unclear'])
  const foreign = readNeeds(lock, readGemfileGems('gem "nokogiri"\n'), [{ name: 'nokogiri', platform: 'arm64-darwin' } as InstalledGem])
  expect(['nokogiri', 'racc', 'mini_portile2'].map(foreign)).toEqual(['always', 'unclear', 'unclear'])
})

test('a Gemfile that names nothing plainly leaves all unclear', () => {
  if (lock.tag !== 'Lock') throw new Error(lock.why)
  expect(readNeeds(lock, readGemfileGems('gemspec\n'), [])('ffi')).toBe('unclear')
})
