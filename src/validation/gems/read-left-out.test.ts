import { expect, test } from 'vitest'
import { memoryTree } from '../../../test/support/memory-tree.ts'
import { readGemfileGems } from '../../formats/gemfile/read-gemfile-gems.ts'
import { readGemfileLock } from '../../formats/gemfile-lock/read-gemfile-lock.ts'
import { readBundleSettings } from './app-bundle.ts'
import { readLeftOut } from './read-left-out.ts'

const lock = readGemfileLock(`GEM
  remote: https://rubygems.org/
  specs:
    capybara (3.40.0)
      nokogiri
      xpath
    debug (1.9.2)
    nokogiri (1.16.0)
    odd (1.0)
    pg (1.5.9)
    rspec (3.13.0)
    xpath (3.2.0)

PLATFORMS
  ruby

DEPENDENCIES
  capybara
  debug
  nokogiri
  odd
  pg
  rspec
`)
const gemfile = readGemfileGems(`gem "nokogiri"
gem "pg", groups: [:test, :production]
group :test, :development do
  gem "capybara"
  gem "rspec", group: :ci
end
group :tools, optional: true do
  gem "debug"
end
eval_gemfile "odd"
`)

function leftOut(config: string, env: Readonly<Record<string, string>> = { PATH: '/usr/bin' }): string[] {
  if (lock.tag !== 'Lock') throw new Error(lock.why)
  const settings = readBundleSettings(memoryTree(new Map([['/app/.bundle/config', config]])), '/app', env)
  return [...lock.gems.keys()].filter(readLeftOut(lock, gemfile, settings))
}

test('an optional group is left out unless it is asked for, or may have been', () => {
  expect(leftOut('')).toEqual(['debug'])
  expect(leftOut('BUNDLE_WITH: "tools"\n')).toEqual([])
  expect(leftOut('', {})).toEqual([])
})

test('a gem is left out when all of its groups are, and with it what nothing else needs', () => {
  expect(leftOut('BUNDLE_WITHOUT: "test:development"\n', {})).toEqual(['capybara', 'xpath'])
  expect(leftOut('BUNDLE_WITHOUT: "test ci development"\n', {})).toEqual(['capybara', 'rspec', 'xpath'])
  expect(leftOut('BUNDLE_WITHOUT: "test:production"\nBUNDLE_WITH: "production"\n', {})).toEqual([])
})

test('where only some groups are taken, all others are left out, but no gem whose groups nobody knows', () => {
  expect(leftOut('BUNDLE_ONLY: "production"\n', {})).toEqual(['capybara', 'debug', 'nokogiri', 'rspec', 'xpath'])
})
