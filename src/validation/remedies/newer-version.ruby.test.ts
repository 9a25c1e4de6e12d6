import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { offerNewer } from '../../../test/fixtures/tiny-gem/offer-builds.ts'
import { createTinyApp, type TinyApp } from '../../../test/fixtures/tiny-gem/tiny-app.ts'
import { validateApp } from '../../../test/support/validate-app.ts'

let app: TinyApp
afterEach(() => app.remove())

const requirement = async (judged: TinyApp) => (await validateApp(judged)).findings.find(({ code }) => code === 'REQUIRED_RUBY_UNMET')

/** Says in the installed gem that it does not support this Ruby. */
function refuseRuby(home: string): void {
  const spec = join(home, 'specifications/tiny_ext-1.2.3.gemspec')
  writeFileSync(spec, readFileSync(spec, 'utf8').replace('">= 2.5"', '"< 2.5"'))
}

test.each([
  ['in a bundle', [], ['bundle update tiny_ext']],
  [
    'in a frozen bundle',
    ['bundle config set --local frozen true'],
    ['bundle config set --local frozen false', 'bundle lock --update tiny_ext', 'bundle config set --local frozen true', 'bundle install'],
  ],
] as const)('the newer version of a gem, which supports this Ruby, is installed by what is printed, %s', async (_where, before, lines) => {
  app = createTinyApp('bundler')
  offerNewer(app, '1.2.4')
  for (const line of before) await app.type(line)
  refuseRuby(app.home)
  const remedy = (await requirement(app))?.remedy
  expect(remedy).toEqual(lines)
  for (const line of remedy ?? []) await app.type(line)
  expect(await validateApp(app)).toMatchObject({ verdict: 'compatible', findings: [] })
  expect(readFileSync(join(app.path, 'Gemfile.lock'), 'utf8')).toContain('tiny_ext (1.2.4)')
})

test('without Bundler the older version goes, too: whoever asks for less would get it still', async () => {
  app = createTinyApp('bundler')
  offerNewer(app, '1.2.4')
  const source = /file:\/\/([^"\s]+)/.exec(readFileSync(join(app.path, 'Gemfile'), 'utf8'))?.[1] ?? ''
  writeFileSync(join(dirname(app.path), '.gemrc'), `:sources:\n- file://${source}\n`)
  for (const name of ['Gemfile', 'Gemfile.lock', '.bundle', 'vendor']) rmSync(join(app.path, name), { recursive: true })
  const home = join(dirname(app.path), 'home')
  const env = { ...app.env, GEM_HOME: home }
  const type = (line: string) => execFileSync('/bin/sh', ['-c', line], { cwd: app.path, env, stdio: 'pipe' })
  type('gem install --no-document tiny_ext --version 1.2.3')
  refuseRuby(home)
  const remedy = (await requirement({ ...app, env }))?.remedy
  expect(remedy).toEqual(['gem update tiny_ext', 'gem uninstall tiny_ext --version 1.2.3 --ignore-dependencies --executables'])
  for (const line of remedy ?? []) type(line)
  expect((await validateApp({ ...app, env })).findings.filter(({ gem }) => gem === 'tiny_ext')).toEqual([])
  type(`ruby -e 'require "tiny_ext"; exit Gem.loaded_specs["tiny_ext"].version.to_s == "1.2.4"'`)
})

test.each(['false', 'true'])(
  'the version that the Gemfile asks for and the lock does not hold is installed, frozen: %s',
  async (frozen) => {
    app = createTinyApp('bundler')
    offerNewer(app, '1.2.4')
    await app.type(`bundle config set --local frozen ${frozen}`)
    const gemfile = join(app.path, 'Gemfile')
    writeFileSync(gemfile, readFileSync(gemfile, 'utf8').replace('gem "tiny_ext"', 'gem "tiny_ext", "~> 1.2.4"'))
    const start = () => app.type('bundle exec ruby -e 1')
    await expect(start()).rejects.toThrow()
    const { verdict, findings } = await validateApp(app)
    expect([verdict, findings.map(({ code }) => code)]).toEqual(['incompatible', ['LOCK_OUTDATED']])
    for (const line of findings[0]?.remedy ?? []) await app.type(line)
    expect(await validateApp(app)).toMatchObject({ verdict: 'compatible', findings: [] })
    await start()
  },
)
