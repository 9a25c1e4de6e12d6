import { expect, test } from 'vitest'
import { memoryTree } from '../../../test/support/memory-tree.ts'
import { readGemfileLock } from '../../formats/gemfile-lock/read-gemfile-lock.ts'
import { readBundleSettings } from '../gems/app-bundle.ts'
import type { FoundGems } from '../gems/find-gems.ts'
import { checkOutdatedLock } from './check-outdated-lock.ts'

const specs = '    pg (1.5.9)\n    rack (2.2.9)\n'
const lock = readGemfileLock(`GEM\n  remote: https://rubygems.org/\n  specs:\n${specs}\nDEPENDENCIES\n  pg (~> 1.5)\n  rack\n`)

async function check(gemfile: string, config = '', installed: Readonly<Record<string, readonly string[]>> = {}) {
  if (lock.tag !== 'Lock') throw new Error(lock.why)
  const tree = memoryTree(
    new Map([
      ['/app/Gemfile', gemfile],
      ['/app/.bundle/config', config],
    ]),
  )
  const found: Pick<FoundGems, 'gems' | 'absent' | 'versionsOf'> = { gems: [], absent: [], versionsOf: (name) => installed[name] ?? [] }
  return checkOutdatedLock(tree, lock, readBundleSettings(tree, '/app', {}), found)
}

test('what the lock holds is not outdated, however the Gemfile words it', async () => {
  for (const gemfile of [
    'gem "pg", "~>1.5"\n',
    'gem "pg", ">= 1.5.3", "< 2"\ngem "rack"\n',
    'gem "pg"\n',
    'group(:test) { gem "rspec" }\n',
    '',
  ])
    expect(await check(gemfile)).toEqual([])
})

test('a gem that the lock does not name is missed, unless one is installed', async () => {
  expect(await check('gem "redis", "~> 5"\n')).toMatchObject([
    {
      code: 'LOCK_OUTDATED',
      gem: 'redis',
      evidence: [
        { what: 'asks for redis ~> 5', where: '/app/Gemfile' },
        { what: 'does not name redis' },
        { what: 'none that is installed serves' },
      ],
      mend: { tag: 'Relock' },
    },
  ])
  expect(await check('gem "redis", "~> 5"\n', '', { redis: ['4.8.1'] })).toHaveLength(1)
  expect(await check('gem "redis", "~> 5"\n', '', { redis: ['4.8.1', '5.0.0'] })).toEqual([])
})

test('so is a version that it does not hold; a frozen lock is refused whatever is installed', async () => {
  const installed = { pg: ['1.5.9', '1.4.6'] }
  expect(await check('gem "pg", "1.5.6"\n', '', installed)).toMatchObject([{ gem: 'pg', evidence: [{}, { what: 'holds 1.5.9' }, {}] }])
  expect(await check('gem "pg", "~> 1.4.0"\n', '', installed)).toEqual([])
  expect(await check('gem "pg", "~> 1.4.0"\n', 'BUNDLE_FROZEN: "true"\n', installed)).toMatchObject([
    { evidence: [{}, {}, { what: 'the lock is frozen' }] },
  ])
})

test('nothing is said of a default group that is left out', async () => {
  expect(await check('gem "redis"\n', 'BUNDLE_WITHOUT: "default"\n')).toEqual([])
  expect(await check('gem "redis"\n', 'BUNDLE_ONLY: "test"\n')).toEqual([])
})
