import { execFile } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { runGuard } from './guard-run.ts'
import { createTinyApp, tinyGemFolder, tinyVersion, type TinyApp } from '../../test/fixtures/tiny-gem/tiny-app.ts'

const project = resolve(import.meta.dirname, '../..')

/** The hook beside a `bezel` that knows only `guard`, as an installed package has them. */
let copy: string
let app: TinyApp
beforeEach(() => {
  copy = mkdtempSync(join(tmpdir(), 'bezel-guard-'))
  cpSync(join(project, 'ruby/guard'), join(copy, 'ruby/guard'), { recursive: true })
  mkdirSync(join(copy, 'bin'))
  const main = join(copy, 'bin/main.ts')
  writeFileSync(
    main,
    `import { checkBuild } from '${join(project, 'src/cli/guard-check.ts')}'\nif (process.argv[2] !== 'guard' || process.argv[3] !== 'check') process.exit(64)\nprocess.exitCode = await checkBuild()\n`,
  )
  writeFileSync(join(copy, 'bin/bezel'), `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`)
  chmodSync(join(copy, 'bin/bezel'), 0o755)
  app = createTinyApp('rubygems')
})
afterEach(() => {
  app.remove()
  rmSync(copy, { recursive: true })
})

/** A packed gem; `broken` calls a function that no library has, which compiles without complaint. */
async function pack(broken: boolean): Promise<string> {
  const folder = join(copy, broken ? 'broken' : 'sound')
  cpSync(tinyGemFolder, folder, { recursive: true })
  if (broken) {
    const source = join(folder, 'ext/tiny_ext/tiny_ext.c')
    writeFileSync(
      source,
      readFileSync(source, 'utf8').replace(
        'return INT2FIX(42);',
        'extern void nobody_has_this(void); nobody_has_this(); return INT2FIX(42);',
      ),
    )
  }
  await promisify(execFile)('gem', ['build', 'tiny_ext.gemspec', '--output', join(copy, 'tiny.gem')], { cwd: folder, env: app.env })
  return join(copy, 'tiny.gem')
}

async function install(gem: string, home: string): Promise<{ ok: boolean; said: string }> {
  const env = { ...app.env, GEM_HOME: home, RUBYLIB: join(copy, 'ruby/guard') }
  try {
    const { stderr, stdout } = await promisify(execFile)('gem', ['install', '--local', '--no-document', gem], { env })
    return { ok: true, said: stdout + stderr }
  } catch (error) {
    return { ok: false, said: error instanceof Error && 'stderr' in error ? String(error.stderr) : '' }
  }
}

describe('a guarded install', () => {
  test('of a sound gem succeeds, and says so', async () => {
    const home = join(copy, 'home')
    expect(await install(await pack(false), home)).toMatchObject({
      ok: true,
      said: expect.stringMatching(/^bezel guard: tiny_ext 1\.2\.3 fits \S+ruby\S*\.$/m),
    })
    expect(existsSync(join(home, 'specifications', `tiny_ext-${tinyVersion}.gemspec`))).toBe(true)
  })

  test('of a gem that can not be loaded fails, says why and what to do, and leaves nothing usable behind', async () => {
    const home = join(copy, 'home')
    const { ok, said } = await install(await pack(true), home)
    expect([ok, said]).toEqual([false, expect.stringContaining('nobody_has_this')])
    expect(said).toMatch(/^ +(?:type|do) {2,}\S/m)
    expect(existsSync(join(home, 'gems', `tiny_ext-${tinyVersion}`))).toBe(false)
    expect(existsSync(join(home, 'specifications', `tiny_ext-${tinyVersion}.gemspec`))).toBe(false)
    const left = existsSync(join(home, 'extensions'))
      ? readdirSync(join(home, 'extensions'), { recursive: true }).filter((name) => String(name).endsWith('.so'))
      : []
    expect(left).toEqual([])
  })

  test('goes on when bezel itself can not answer', async () => {
    writeFileSync(join(copy, 'bin/bezel'), '#!/bin/sh\necho "out of order" >&2\nexit 70\n')
    expect(await install(await pack(true), join(copy, 'home'))).toMatchObject({ ok: true, said: expect.stringContaining('out of order') })
    rmSync(join(copy, 'bin/bezel'))
    expect(await install(await pack(true), join(copy, 'home'))).toMatchObject({
      ok: true,
      said: expect.stringMatching(/bezel guard: No such file .*; tiny_ext-1\.2\.3 was not validated/),
    })
  })

  test('is guarded whatever installs it, also what loads no plugins of RubyGems, as Bundler does in some of its commands', async () => {
    const home = join(copy, 'home')
    const script = 'Gem::Installer.at(ARGV[0], install_dir: ARGV[1]).install'
    const words = ['guard', '--', 'ruby', '-rrubygems/installer', '-e', script, await pack(true), home]
    const env = { ...app.env, RUBYOPT: '-W0' }
    await expect(promisify(execFile)(join(project, 'bin/bezel'), words, { env })).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/bezel guard: tiny_ext 1\.2\.3 does not fit/),
    })
    expect(existsSync(join(home, 'gems', `tiny_ext-${tinyVersion}`))).toBe(false)
  })
})

test('a guard whose bezel is gone says so with each gem that is built, and refuses none', async () => {
  const bundled = createTinyApp('bundler')
  try {
    await runGuard('install', null, 'project', bundled.path)
    const plugin = join(bundled.home, 'plugins/bezel_guard_plugin.rb')
    writeFileSync(plugin, readFileSync(plugin, 'utf8').replace(join(project, 'ruby/guard'), join(copy, 'gone')))
    const words = ['install', '--local', '--no-document', await pack(false)]
    const { stderr } = await promisify(execFile)('gem', words, { env: { ...app.env, GEM_HOME: bundled.home } })
    expect(stderr).toContain(
      `bezel guard: ${join(copy, 'gone')}/rubygems_plugin.rb is gone, so tiny_ext-1.2.3 was not validated; ${plugin} is left of the guard.`,
    )
  } finally {
    bundled.remove()
  }
})

test('where RubyGems would load no hook from, none is left, and the command ends with 69', async () => {
  const home = join(copy, 'user')
  mkdirSync(home)
  const env = { ...app.env, HOME: home, GEM_PATH: app.env['GEM_HOME'] ?? '' }
  await expect(
    promisify(execFile)(join(project, 'bin/bezel'), ['guard', 'install', '--scope', 'user'], { env, cwd: copy }),
  ).rejects.toMatchObject({ code: 69, stderr: expect.stringMatching(/loads no plugin from .*\n {2}try: bezel guard -- bundle install\n/) })
  expect(readdirSync(home)).toEqual([])
})

test('a project keeps its guard in its own gem folder, and loses it without a trace', async () => {
  const bundled = createTinyApp('bundler')
  try {
    await runGuard('install', null, 'project', bundled.path)
    const plugin = join(bundled.home, 'plugins/bezel_guard_plugin.rb')
    writeFileSync(plugin, readFileSync(plugin, 'utf8').replace(join(project, 'ruby/guard'), join(copy, 'ruby/guard')))
    writeFileSync(join(copy, 'bin/bezel'), '#!/bin/sh\necho "refused" >&2\nexit 78\n')
    rmSync(join(bundled.home, `specifications/tiny_ext-${tinyVersion}.gemspec`))
    await expect(bundled.type('bundle install')).rejects.toThrow('An error occurred while installing tiny_ext')
    await runGuard('uninstall', null, 'project', bundled.path)
    expect(existsSync(plugin)).toBe(false)
    await bundled.type('bundle install')
  } finally {
    bundled.remove()
  }
})

test('a user loses the guard without a trace, and keeps what was there before', async () => {
  const home = join(copy, 'user')
  mkdirSync(join(home, '.local'), { recursive: true })
  const run = promisify(execFile)
  const env = { ...process.env, HOME: home, GEM_HOME: undefined }
  const guard = async (action: string) => run(join(project, 'bin/bezel'), ['guard', action, '--scope', 'user'], { env, cwd: copy })
  await guard('install')
  await guard('install')
  expect(readdirSync(home, { recursive: true })).toContainEqual(expect.stringMatching(/plugins\/bezel_guard_plugin\.rb$/))
  await guard('uninstall')
  expect(readdirSync(home, { recursive: true })).toEqual(['.local'])
})
