import { expect, test } from 'vitest'
import { madeRuntime } from '../../../test/support/made-runtime.ts'
import { memoryTree } from '../../../test/support/memory-tree.ts'
import { readGemfileLock } from '../../formats/gemfile-lock/read-gemfile-lock.ts'
import { readBundleSettings } from '../gems/app-bundle.ts'
import { checkPlatforms } from './check-declared.ts'

test('the platform that a lock misses is ruby itself, where the app takes source gems only', () => {
  const lock = readGemfileLock('PLATFORMS\n  arm64-darwin-23\n')
  if (lock.tag !== 'Lock') throw new Error(lock.why)
  const lines = (config: string) => {
    const tree = memoryTree(new Map([['/app/.bundle/config', config]]))
    return checkPlatforms(lock, readBundleSettings(tree, '/app', {}), madeRuntime()).map(({ mend }) => mend)
  }
  expect(lines('BUNDLE_FROZEN: "true"\n')).toEqual([{ tag: 'Say', lines: ['bundle lock --add-platform x86_64-linux'] }])
  expect(lines('BUNDLE_FORCE_RUBY_PLATFORM: "true"\n')).toEqual([{ tag: 'Say', lines: ['bundle lock --add-platform ruby'] }])
})
