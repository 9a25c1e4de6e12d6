import { expect, test } from 'vitest'
import { madeRuntime } from '../../../test/support/made-runtime.ts'
import { memoryTree } from '../../../test/support/memory-tree.ts'
import type { InstalledGem } from '../gems/installed-gem.ts'
import { lostVariables } from './lost-variables.ts'

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
  lostVariables(memoryTree(new Map([['/app/.bundle/config', config]])), '/app', homes.map(at), runtime)

test.each([
  [['/opt/my gems'], "GEM_HOME='/opt/my gems'"],
  [['/usr/local/bundle'], 'GEM_HOME=/usr/local/bundle'],
  [[own, '/data/ruby/3.1.0', '/data/ruby/3.1.0'], 'BUNDLE_PATH=/data'],
  [[own, own, '/data/ruby/3.1.0'], 'BUNDLE_PATH=/data'],
  [[own, '/home/deploy/.gem/ruby/3.1.0'], 'BUNDLE_PATH=/home/deploy/.gem'],
  [[own], null],
  [[], null],
])('gems in %j are where %s leads', (homes, variable) => {
  expect(lost(homes)).toMatchObject({ config: null, gems: variable })
})

test('nothing is lost where a setting names the folder', () => {
  expect(lost(['/app/vendor/bundle/ruby/3.1.0'], 'BUNDLE_PATH: "vendor/bundle"\n')).toMatchObject({ config: null, gems: null })
})

test("the official image's variables are lost where it keeps the app's configuration, or hides another", () => {
  const find = (files: Readonly<Record<string, string>>) =>
    lostVariables(memoryTree(new Map(Object.entries(files))), '/app', [at('/usr/local/bundle')], runtime)
  const config = 'BUNDLE_APP_CONFIG=/usr/local/bundle'
  expect(find({ '/usr/local/bundle/config': 'BUNDLE_PATH: "/usr/local/bundle"\n' })).toMatchObject({ config, gems: null })
  const copied = { '/app/.bundle/config': 'BUNDLE_PATH: "vendor/bundle"\n', '/usr/local/bundle/specifications/made-1.0.gemspec': '' }
  expect(find(copied)).toEqual({ config, gems: 'GEM_HOME=/usr/local/bundle', homes: ['/usr/local/bundle'] })
  expect(find({ ...copied, '/app/vendor/bundle/ruby/3.1.0/specifications/made-1.0.gemspec': '' })).toMatchObject({
    config: null,
    gems: null,
  })
})
