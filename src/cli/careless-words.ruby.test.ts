import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTinyApp, type TinyApp } from '../../test/fixtures/tiny-gem/tiny-app.ts'
import { runBezel } from '../../test/support/run-bezel.ts'

let app: TinyApp
beforeAll(() => {
  app = createTinyApp('bundler')
  mkdirSync(join(app.path, 'empty'))
  symlinkSync('loop', join(app.path, 'loop'))
  writeFileSync(join(app.path, 'app.log'), 'GET / 200\n')
})
afterAll(() => app.remove())

const cases: readonly (readonly [typed: string, code: number, said: RegExp])[] = [
  ['doctor fix', 64, /did you mean --fix\?\n {2}try: bezel doctor --fix\n$/],
  ['doctor --jsn', 64, /unknown option '--jsn'/],
  ['doctor --format=JSON', 64, /Allowed choices are text, json, github/],
  ['doctor Gemfile', 65, /is a file, and no Dockerfile; .*\n {2}try: bezel doctor '.*'\n$/],
  ['doctor Dockerfile', 65, /There is no file \/.*Dockerfile\.\n$/],
  ['doctor pg', 65, /There is no folder \/.*\/pg; it should hold the app\.\n$/],
  ['doctor -- ruby', 64, /bezel doctor runs no command/],
  ['doctor --ruby 3.1', 64, /wants the path of an interpreter, not the version 3\.1/],
  ['doctor --ruby /usr/bin', 64, /\/usr\/bin is a folder\.\n {2}try: bezel doctor --ruby \/usr\/bin\/ruby\n$/],
  ['doctor --ruby /bin/cat', 69, /\/bin\/cat does not run as a Ruby: .*\n {2}try: Let --ruby /],
  ['doctor --root .', 69, /There is no Ruby in .*\n {2}try: Let --root name the root of an unpacked file system/],
  ['doctor Dockerfile --fix', 65, /There is no file/],
  ['guard instal', 64, /knows no "instal"; .*\n {2}try: bezel guard install\n/],
  ['guard bundle install', 64, /a command only behind "--"\.\n {2}try: bezel guard -- bundle install\n/],
  ['guard -- bundle_install', 69, /There is no command bundle_install\.\n/],
  ['guard install -- bundle install', 64, /it is one or the other/],
  ['guard install --app /nope', 65, /There is no folder \/nope/],
  ['guard install --app Gemfile', 65, /Gemfile is a file; wanted is the app's folder\.\n$/],
  ['explain 139', 65, /There is no file 139 to explain\.\n {2}try: bezel explain --exit-status 139\n$/],
  ['explain empty', 65, /There is no file in empty to explain\.\n$/],
  ['explain loop', 65, /loop can not be read: ELOOP/],
  ['explain /dev/zero', 65, /is a device; wanted is a log\.\n$/],
  ['explain --app Gemfile app.log', 65, /There is no folder Gemfile to look into/],
]

test.each(cases)('bezel %s ends with %i and says what was meant', async (typed, code, said) => {
  const ended = await runBezel(typed.split(' '), { cwd: app.path, env: app.env })
  expect(ended).toEqual({ code, stdout: '', stderr: expect.stringMatching(said) })
})

test('a command in quotes is told apart from a command', async () => {
  expect(await runBezel(['guard', '--', 'bundle install'], { cwd: app.path, env: app.env })).toMatchObject({
    code: 64,
    stderr: expect.stringContaining('try: bezel guard -- bundle install\n'),
  })
})

test('doctor --json is doctor --format json', async () => {
  const { code, stdout } = await runBezel(['doctor', '--json', '--no-probe'], { cwd: app.path, env: app.env })
  expect([code, (JSON.parse(stdout) as { verdict: string }).verdict]).toEqual([0, 'compatible'])
})

test('a folder without a Gemfile is said to be hardly an app', async () => {
  const { stdout } = await runBezel(['doctor', '--no-probe', 'empty'], { cwd: app.path, env: app.env })
  expect(stdout).toContain("There is no Gemfile either: this may not be the app's folder.")
})
