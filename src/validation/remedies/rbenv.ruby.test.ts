import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTinyApp, type TinyApp } from '../../../test/fixtures/tiny-gem/tiny-app.ts'
import { systemClock } from '../../system/clock.ts'
import { validationDefaults } from '../options.ts'
import type { ValidationReport } from '../validation-report.ts'
import { VersionValidator } from '../version-validator.ts'

/** The real rbenv and ruby-build, from their Debian packages, unpacked without being installed. */
let tools = ''
let app: TinyApp
const hasApt = existsSync('/usr/bin/apt-get')
beforeAll(() => {
  if (!hasApt) return
  tools = mkdtempSync(join(tmpdir(), 'bezel-rbenv-'))
  execFileSync('apt-get', ['download', 'rbenv', 'ruby-build'], { cwd: tools, stdio: 'pipe' })
  for (const file of readdirSync(tools)) execFileSync('dpkg', ['-x', join(tools, file), join(tools, 'root')])
  app = createTinyApp('bundler')
})
afterAll(() => {
  if (!hasApt) return
  app.remove()
  rmSync(tools, { recursive: true })
})

test.skipIf(!hasApt)('the Ruby that the version file asks rbenv for is installed by the printed command', async () => {
  const home = dirname(app.path)
  const version = execFileSync('ruby', ['-e', 'print RUBY_VERSION'], { encoding: 'utf8' })
  // ruby-build takes definitions from a folder of one's own: these put this machine's Ruby where compiling would put a new one.
  const definitions = join(tools, 'definitions')
  mkdirSync(definitions)
  const link = `mkdir -p "$PREFIX_PATH/bin"\nfor tool in ruby gem bundle; do ln -sf "$(PATH=/usr/bin command -v $tool)" "$PREFIX_PATH/bin/$tool"; done\n`
  for (const name of ['2.7.8', version]) writeFileSync(join(definitions, name), link)
  const env = {
    ...app.env,
    PATH: `${home}/.rbenv/shims:${tools}/root/usr/bin:${app.env['PATH'] ?? ''}`,
    RUBY_BUILD_DEFINITIONS: definitions,
  }
  const type = (line: string) => execFileSync('/bin/sh', ['-c', line], { cwd: app.path, env, stdio: 'pipe', encoding: 'utf8' })
  type('rbenv install 2.7.8')
  writeFileSync(join(app.path, '.ruby-version'), `${version}\n`)
  expect(() => type('ruby --version')).toThrow('is not installed')

  const validate = (): Promise<ValidationReport> =>
    new VersionValidator(
      { ...validationDefaults, appPath: app.path, env },
      { clock: systemClock, random: Math.random, emit: () => {} },
    ).validate()
  const finding = (await validate()).findings.find(({ code }) => code === 'RUBY_BROKEN')
  expect(finding?.remedy).toEqual([`rbenv install --force ${version}`])
  for (const line of finding?.remedy ?? []) type(line)
  expect((await validate()).verdict).toBe('compatible')
  expect(type('ruby --version')).toContain(version)
})
