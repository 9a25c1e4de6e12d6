import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cleanEnv } from '../../../test/fixtures/tiny-gem/tiny-app.ts'
import { DiskTree } from '../files/disk-tree.ts'
import { readBundleSettings } from './app-bundle.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bezel-levels-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Bundler's own settings of each case: the app's folder, and the environment. */
const asked = `
require 'json'
require 'bundler'
cases = JSON.parse($stdin.read)
puts JSON.generate(cases.map { |app, env|
  ENV.delete_if { |name, _| name.start_with?('BUNDLE') }
  ENV.update(env)
  root = Pathname.new(app)
  settings = Bundler::Settings.new(Pathname.new(env['BUNDLE_APP_CONFIG'] || '.bundle').expand_path(root))
  path = settings.path
  [path.use_system_gems? ? nil : File.expand_path(path.base_path, app), !!settings[:deployment], !!settings[:force_ruby_platform]]
})
`

const flag = fc.constantFrom('true', 'false', '1', '0', 'yes', 'No', 'on', '', 'TRUE')
const level = fc.record(
  {
    BUNDLE_PATH: fc.constantFrom('vendor/b', '/opt/gems', '~/gems', 'false', "it's here # really"),
    BUNDLE_PATH__SYSTEM: flag,
    BUNDLE_DISABLE_SHARED_GEMS: flag,
    BUNDLE_DEPLOYMENT: flag,
    BUNDLE_FORCE_RUBY_PLATFORM: flag,
  },
  { requiredKeys: [] },
)
const elsewhere = fc.record(
  { BUNDLE_APP_CONFIG: fc.constantFrom('config/bundler'), BUNDLE_IGNORE_CONFIG: fc.constantFrom('1', '') },
  { requiredKeys: [] },
)
const users = ['home/.bundle/config', 'user/config', 'user-config', 'old-config'] as const
const drawn = fc.record({
  own: level,
  env: level,
  user: level,
  elsewhere,
  where: fc.constantFrom(...users),
  quote: fc.constantFrom('"', ''),
})

test('what the three levels of settings come to is what Bundler makes of them', () => {
  const cases = fc.sample(drawn, { numRuns: 300, seed: 7 }).map(({ own, env, user, elsewhere: moved, where, quote }, index) => {
    const app = join(folder, String(index))
    const write = (path: string, values: Readonly<Record<string, string>>) => {
      mkdirSync(dirname(join(app, path)), { recursive: true })
      // A key with nothing behind it begins a list.
      const lines = Object.entries(values).map(([key, value]) => (value === '' ? `${key}: ""\n` : `${key}: ${quote}${value}${quote}\n`))
      writeFileSync(join(app, path), `---\n${lines.join('')}`)
    }
    write(join(moved.BUNDLE_APP_CONFIG ?? '.bundle', 'config'), own)
    write(where, user)
    const named = {
      'home/.bundle/config': { BUNDLE_USER_HOME: '' },
      'user/config': { BUNDLE_USER_HOME: join(app, 'user') },
      'user-config': { BUNDLE_USER_CONFIG: join(app, 'user-config'), BUNDLE_USER_HOME: join(app, 'none') },
      'old-config': { BUNDLE_CONFIG: join(app, 'old-config'), BUNDLE_USER_CONFIG: join(app, 'none') },
    }[where]
    return [app, { ...env, ...moved, ...named, HOME: join(app, 'home') }] as const
  })
  const env = cleanEnv(folder)
  const answers: unknown = JSON.parse(
    execFileSync('ruby', ['-e', asked], { input: JSON.stringify(cases), encoding: 'utf8', cwd: folder, env }),
  )
  const tree = new DiskTree(null)
  const mine = cases.map(([app, variables]) => {
    const { path, deployment, forceRubyPlatform } = readBundleSettings(tree, app, { PATH: '/usr/bin', ...variables })
    return [path, deployment, forceRubyPlatform]
  })
  expect(mine).toEqual(answers)
})
