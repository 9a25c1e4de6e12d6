import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { installAnew, offerPrecompiled } from '../../../test/fixtures/tiny-gem/offer-builds.ts'
import { createTinyApp, tinyGemFolder, type TinyApp } from '../../../test/fixtures/tiny-gem/tiny-app.ts'
import { systemClock } from '../../system/clock.ts'
import { validationDefaults } from '../options.ts'
import type { ValidationReport } from '../validation-report.ts'
import { VersionValidator } from '../version-validator.ts'

type Way = Parameters<typeof createTinyApp>[0]
const made = new Map<Way, TinyApp>()
beforeAll(() => {
  for (const way of ['bundler', 'git', 'rubygems'] as const) made.set(way, createTinyApp(way))
})
afterAll(() => {
  for (const app of made.values()) app.remove()
})

let open: TinyApp | null = null
afterEach(() => {
  open?.remove()
  open = null
})

function healthy(way: Way): TinyApp {
  const app = made.get(way)?.copy()
  if (app === undefined) throw new Error('not made')
  open = app
  return app
}

function validate({ path, env }: TinyApp): Promise<ValidationReport> {
  const settings = { ...validationDefaults, appPath: path, env }
  return new VersionValidator(settings, { clock: systemClock, random: Math.random, emit: () => {} }).validate()
}

function linkOtherRuby(file: string): void {
  const needed = execFileSync('patchelf', ['--print-needed', file], { encoding: 'utf8' })
    .split('\n')
    .find((name) => name.startsWith('libruby'))
  if (needed === undefined) throw new Error('this Ruby is static: nothing to replace')
  execFileSync('patchelf', ['--replace-needed', needed, 'libruby-2.7.so.2.7', file])
}

const copies = ({ loaded, built }: TinyApp) => [loaded, built]

/** Real ways in which a bundle breaks. */
const breakages = {
  'files that link another libruby': (broken: TinyApp) => copies(broken).forEach(linkOtherRuby),
  'no mark of a finished build': ({ builtFolder }: TinyApp) => rmSync(join(builtFolder, 'gem.build_complete')),
  'deleted files': (broken: TinyApp) => copies(broken).forEach((file) => rmSync(file)),
  'a lost copy that require_relative asks for': ({ loaded }: TinyApp) => {
    rmSync(loaded)
    writeFileSync(join(dirname(loaded), 'tiny_fast.rb'), "require_relative './tiny_ext'\n")
  },
  'a cut file': ({ loaded }: TinyApp) => truncateSync(loaded, 9_000),
  'an empty file': ({ loaded }: TinyApp) => truncateSync(loaded, 0),
  'a Git LFS pointer': ({ loaded }: TinyApp) =>
    writeFileSync(loaded, 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n'),
  'an emptied folder': ({ home, built }: TinyApp) => {
    // The gem is a compiled file alone: with the copy in the folder of extensions it could still be loaded.
    rmSync(built)
    rmSync(join(home, 'gems/tiny_ext-1.2.3'), { recursive: true })
    mkdirSync(join(home, 'gems/tiny_ext-1.2.3'))
  },
  'a cut specification': ({ home }: TinyApp) => truncateSync(join(home, 'specifications/tiny_ext-1.2.3.gemspec'), 300),
  'an emptied specification': ({ home }: TinyApp) => truncateSync(join(home, 'specifications/tiny_ext-1.2.3.gemspec'), 0),
} as const

const codes: Record<keyof typeof breakages, string> = {
  'files that link another libruby': 'BUILT_FOR_OTHER_RUBY',
  'no mark of a finished build': 'EXTENSION_NOT_BUILT',
  'deleted files': 'EXTENSION_ABSENT',
  'a lost copy that require_relative asks for': 'EXTENSION_ABSENT',
  'a cut file': 'EXTENSION_TRUNCATED',
  'an empty file': 'EXTENSION_TRUNCATED',
  'a Git LFS pointer': 'EXTENSION_NO_LIBRARY',
  'an emptied folder': 'GEM_INCOMPLETE',
  'a cut specification': 'GEMSPEC_BROKEN',
  'an emptied specification': 'GEMSPEC_BROKEN',
}
const kinds = Object.keys(breakages) as (keyof typeof breakages)[]

async function breakAndMend(broken: TinyApp, code: string): Promise<readonly string[]> {
  const before = await validate(broken)
  expect(before.verdict).toBe('incompatible')
  const finding = before.findings.find((each) => each.code === code)
  expect(finding).toMatchObject({ severity: 'error', gem: 'tiny_ext' })
  const remedy = finding?.remedy ?? []
  for (const line of remedy) await broken.type(line)
  expect((await validate(broken)).findings).toEqual([])
  return remedy
}

/** Installs a second, older version that can not be loaded, and lets the Gemfile compute which it asks for. */
function offerBrokenOlder({ home, path, builtFolder }: TinyApp, asked: string): void {
  for (const folder of [join(home, 'gems/tiny_ext-1.2.3'), builtFolder])
    cpSync(folder, folder.replace(/1\.2\.3$/, '1.0.0'), { recursive: true })
  const specification = readFileSync(join(home, 'specifications/tiny_ext-1.2.3.gemspec'), 'utf8')
  writeFileSync(join(home, 'specifications/tiny_ext-1.0.0.gemspec'), specification.replaceAll('1.2.3', '1.0.0'))
  truncateSync(join(home, 'gems/tiny_ext-1.0.0/lib/tiny_ext.so'), 9_000)
  const gemfile = join(path, 'Gemfile')
  writeFileSync(gemfile, readFileSync(gemfile, 'utf8').replace('gem "tiny_ext"', `%w[tiny_ext].each { |name| gem name${asked} }`))
  rmSync(join(path, 'Gemfile.lock'))
}

test.each([
  ['', 'compatible', []],
  [", '~> 1.0.0'", 'incompatible', ['EXTENSION_TRUNCATED']],
])('which of two versions is wanted, a lock tells, where the Gemfile computes %j', async (asked, verdict, codes) => {
  const app = healthy('bundler')
  offerBrokenOlder(app, asked)
  const { verdict: open, findings } = await validate(app)
  expect([open, findings.map(({ code }) => code)]).toEqual(['unknown', ['OTHER_VERSION_BROKEN', 'LOCK_ABSENT']])
  expect(findings[0]).toMatchObject({ severity: 'warning', gem: 'tiny_ext', explanation: expect.stringContaining('tiny_ext 1.0.0') })
  expect(findings[0]?.evidence[0]?.where).toContain('tiny_ext-1.0.0')
  for (const line of findings[0]?.remedy ?? []) await app.type(line)
  const after = await validate(app)
  expect([after.verdict, after.findings.map(({ code }) => code)]).toEqual([verdict, codes])
})

describe('the commands of a finding, typed in the app, leave it healthy', { timeout: 60_000 }, () => {
  test.each(kinds)('under Bundler, with %s', async (kind) => {
    const app = healthy('bundler')
    breakages[kind](app)
    await breakAndMend(app, codes[kind])
  })

  test.each(kinds.slice(0, 3))('under Bundler without the packed gem, with %s', async (kind) => {
    const app = healthy('bundler')
    for (const file of readdirSync(join(app.home, 'cache'))) rmSync(join(app.home, 'cache', file))
    breakages[kind](app)
    await breakAndMend(app, codes[kind])
  })

  test.each(kinds.slice(0, 3))('of a git source, with %s', async (kind) => {
    const app = healthy('git')
    breakages[kind](app)
    // Bundler loads a git source without the mark as long as its files are there.
    if (kind === 'no mark of a finished build') breakages['deleted files'](app)
    await breakAndMend(app, codes[kind])
  })

  test.each(kinds.slice(0, 3))('without Bundler, with %s', async (kind) => {
    const app = healthy('rubygems')
    breakages[kind](app)
    const before = await validate(app)
    expect(before.scope).toBe('installed')
    const finding = before.findings.find(({ gem, severity }) => gem === 'tiny_ext' && severity === 'error')
    expect(finding?.code).toBe(codes[kind])
    for (const line of finding?.remedy ?? []) await app.type(line)
    const after = await validate(app)
    expect(after.findings.filter(({ gem }) => gem === 'tiny_ext')).toEqual([])
  })

  test('of a path source, in a folder with a space, after another Ruby has compiled it there', async () => {
    const app = healthy('bundler')
    const folder = join(app.path, 'vendor/own gems/tiny_ext')
    cpSync(tinyGemFolder, folder, { recursive: true })
    for (const target of ['lib', 'ext/tiny_ext']) cpSync(app.built, join(folder, target, 'tiny_ext.so'))
    writeFileSync(join(app.path, 'Gemfile'), 'source "https://rubygems.org"\ngem "tiny_ext", path: "vendor/own gems/tiny_ext"\n')
    await app.type('bundle install --local')
    expect((await validate(app)).verdict).toBe('compatible')
    for (const target of ['lib', 'ext/tiny_ext']) linkOtherRuby(join(folder, target, 'tiny_ext.so'))
    const lib = 'sitearchdir=../../lib sitelibdir=../../lib'
    expect(await breakAndMend(app, 'BUILT_FOR_OTHER_RUBY')).toEqual([
      `(cd 'vendor/own gems/tiny_ext/ext/tiny_ext' && ruby extconf.rb && make clean && make install ${lib})`,
    ])
    await app.type(`bundle exec ruby -e 'require "tiny_ext"; exit TinyExt.answer == 42'`)
  })

  test('of a path source that nobody has compiled', async () => {
    const app = healthy('bundler')
    cpSync(tinyGemFolder, join(app.path, 'engines/tiny_ext'), { recursive: true })
    writeFileSync(join(app.path, 'Gemfile'), 'source "https://rubygems.org"\ngem "tiny_ext", path: "engines/tiny_ext"\n')
    await app.type('bundle install --local')
    expect(await breakAndMend(app, 'EXTENSION_ABSENT')).toEqual([
      '(cd engines/tiny_ext/ext/tiny_ext && ruby extconf.rb && make clean && make install sitearchdir=../../lib sitelibdir=../../lib)',
    ])
    await app.type(`bundle exec ruby -e 'require "tiny_ext"; exit TinyExt.answer == 42'`)
  })

  test.each([
    ['for another Ruby', 'lib/2.7/tiny_ext.so', 'PRECOMPILED_FOR_OTHERS'],
    ['for another C library', 'lib/tiny_ext.so', 'LIBC_DIFFERS'],
  ] as const)('of a gem that is precompiled %s, in a frozen bundle too', async (_title, target, code) => {
    const app = createTinyApp('bundler')
    open = app
    offerPrecompiled(app, target, (file) => {
      if (code === 'LIBC_DIFFERS') execFileSync('patchelf', ['--replace-needed', 'libc.so.6', 'libc.musl-x86_64.so.1', file])
    })
    await installAnew(app)
    await app.type('bundle config set --local frozen true')
    expect(await breakAndMend(app, code)).toEqual([
      'bundle config set --local force_ruby_platform true',
      'bundle config set --local frozen false',
      'bundle lock --add-platform ruby',
      'bundle config set --local frozen true',
      'bundle install',
    ])
    await app.type(`bundle exec ruby -e 'require "tiny_ext"; exit TinyExt.answer == 42'`)
  })

  test('of a precompiled gem that states this Ruby and has lost its file, without another lock', async () => {
    const app = createTinyApp('bundler')
    open = app
    const minor = execFileSync('ruby', ['-e', 'print RUBY_VERSION[/\\d+\\.\\d+/]'], { encoding: 'utf8' })
    const packed = offerPrecompiled(app, `lib/${minor}/tiny_ext.so`)
    await installAnew(app)
    const fullName = basename(packed, '.gem')
    const lib = join(app.home, 'gems', fullName, 'lib')
    cpSync(join(lib, minor), join(lib, '2.7'), { recursive: true })
    rmSync(join(lib, minor, 'tiny_ext.so'))
    // A lower bound alone doesn't tell for which Rubies there are files.
    expect((await validate(app)).findings.map(({ code }) => code)).toEqual(['PRECOMPILED_FOR_OTHERS'])
    const spec = join(app.home, 'specifications', `${fullName}.gemspec`)
    writeFileSync(spec, readFileSync(spec, 'utf8').replace('(">= 2.5".freeze)', '([">= 2.5".freeze, "< 99.dev".freeze])'))
    const lock = readFileSync(join(app.path, 'Gemfile.lock'), 'utf8')
    expect(await breakAndMend(app, 'EXTENSION_ABSENT')).toEqual(['bundle pristine tiny_ext'])
    expect(readFileSync(join(app.path, 'Gemfile.lock'), 'utf8')).toBe(lock)
  })

  test.skipIf(process.getuid?.() !== 0)('of a file system that forbids to load anything', async () => {
    const app = healthy('bundler')
    const folder = join(app.path, 'vendor')
    cpSync(folder, join(app.path, 'kept'), { recursive: true })
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'noexec', 'tmpfs', folder])
    try {
      cpSync(join(app.path, 'kept'), folder, { recursive: true })
      const finding = (await validate(app)).findings.find(({ code }) => code === 'FOLDER_NOT_EXECUTABLE')
      expect(finding?.remedy).toEqual([`mount -o remount,exec '${folder}'`])
      for (const line of finding?.remedy ?? []) await app.type(line)
      expect((await validate(app)).verdict).toBe('compatible')
    } finally {
      execFileSync('umount', [folder])
    }
  })

  test('under Bundler with the gems of the system', async () => {
    const bundled = healthy('bundler')
    const home = join(dirname(bundled.path), 'system')
    const env = { ...bundled.env, GEM_HOME: home }
    const type = (line: string) => execFileSync('/bin/sh', ['-c', line], { cwd: bundled.path, env, stdio: 'pipe' })
    rmSync(join(bundled.path, 'vendor'), { recursive: true })
    type('bundle config unset --local path && bundle install')
    const file = join(home, 'gems/tiny_ext-1.2.3/lib/tiny_ext.so')
    writeFileSync(file, '')
    const app = { ...bundled, env }
    expect((await validate(app)).verdict).toBe('incompatible')
    for (const { remedy } of (await validate(app)).findings) for (const line of remedy) type(line)
    expect(await validate(app)).toMatchObject({ verdict: 'compatible', findings: [] })
  })

  test('without Bundler, of a gem that is precompiled for another Ruby', async () => {
    const app = createTinyApp('bundler')
    open = app
    const packed = offerPrecompiled(app, 'lib/2.7/tiny_ext.so')
    const home = join(dirname(app.path), 'home')
    const alone = { ...app, env: { ...app.env, GEM_HOME: home } }
    writeFileSync(join(dirname(app.path), '.gemrc'), `:sources:\n- file://${dirname(dirname(packed))}\n`)
    for (const name of ['Gemfile', 'Gemfile.lock', '.bundle', 'vendor']) rmSync(join(app.path, name), { recursive: true })
    const type = (line: string) => execFileSync('/bin/sh', ['-c', line], { cwd: app.path, env: alone.env, stdio: 'pipe' })
    type(`gem install --local --no-document '${packed}'`)
    const finding = (await validate(alone)).findings.find(({ code }) => code === 'PRECOMPILED_FOR_OTHERS')
    expect(finding?.remedy).toHaveLength(2)
    for (const line of finding?.remedy ?? []) type(line)
    expect((await validate(alone)).findings.filter(({ gem }) => gem === 'tiny_ext')).toEqual([])
    type(`ruby -e 'require "tiny_ext"; exit TinyExt.answer == 42'`)
  })
})
