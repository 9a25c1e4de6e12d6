import { expect, test } from 'vitest'
import { madeRuntime } from '../../../test/support/made-runtime.ts'
import { memoryTree } from '../../../test/support/memory-tree.ts'
import type { InstalledGem } from '../gems/installed-gem.ts'
import { lostVariable } from './lost-variable.ts'

const own = '/usr/lib/ruby/gems/3.1.0'
const runtime = madeRuntime(['/usr/local/bundle', own])
const at = (home: string): InstalledGem => ({
  name: 'made',
  version: '1.0',
  platform: 'ruby',
  origin: 'gem',
  fullName: 'made-1.0',
  home,
  folder: `${home}/gems/made-1.0`,
  requireFolders: [],
  extensionsRoot: null,
  declaresExtensions: false,
  requiredRubyVersion: null,
  specPath: '',
  packagedFiles: null,
  lacks: null,
})

const lost = (homes: readonly string[], config = '') =>
  lostVariable(memoryTree(new Map([['/app/.bundle/config', config]])), '/app', homes.map(at), runtime)

test.each([
  [['/opt/my gems'], "GEM_HOME='/opt/my gems'"],
  [['/usr/local/bundle'], 'GEM_HOME=/usr/local/bundle'],
  [[own, '/data/ruby/3.1.0', '/data/ruby/3.1.0'], 'BUNDLE_PATH=/data'],
  [[own, own, '/data/ruby/3.1.0'], null],
  [[], null],
])('gems in %j are where %s leads', (homes, variable) => {
  expect(lost(homes)).toBe(variable)
})

test('nothing is lost where a setting names the folder', () => {
  expect(lost(['/app/vendor/bundle/ruby/3.1.0'], 'BUNDLE_PATH: "vendor/bundle"\n')).toBeNull()
})
