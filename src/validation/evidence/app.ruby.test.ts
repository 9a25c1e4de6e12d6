import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { createTinyApp, type TinyApp } from '../../../test/fixtures/tiny-gem/tiny-app.ts'
import { validateApp } from '../../../test/support/validate-app.ts'

let made: TinyApp
let app: TinyApp
beforeAll(() => {
  made = createTinyApp('bundler')
})
afterAll(() => made.remove())
afterEach(() => app.remove())

const bezel = resolve(import.meta.dirname, '../../../bin/bezel')
const specification = () => join(app.home, 'specifications/tiny_ext-1.2.3.gemspec')

test('a gem that does not support this Ruby warns, with what it asks for', async () => {
  app = made.copy()
  const text = readFileSync(specification(), 'utf8').replace(/^ *s\.required_ruby_version = .*\n/gm, '')
  writeFileSync(
    specification(),
    text.replace(/^Gem::Specification\.new.*$/m, '$&\n  s.required_ruby_version = Gem::Requirement.new("< 2.4".freeze)'),
  )
  expect(await validateApp(app)).toMatchObject({
    verdict: 'compatible',
    findings: [{ code: 'REQUIRED_RUBY_UNMET', severity: 'warning', gem: 'tiny_ext', evidence: [{ what: 'required_ruby_version < 2.4' }] }],
  })
})

/** Leaves only a platform that this machine is not. */
function lockForMac(): void {
  const lock = join(app.path, 'Gemfile.lock')
  writeFileSync(lock, readFileSync(lock, 'utf8').replace(/^PLATFORMS\n(?: {2}.*\n)+/m, 'PLATFORMS\n  arm64-darwin-23\n'))
}

test('a lock that does not name this platform warns, and the command that is told adds it', async () => {
  app = made.copy()
  lockForMac()
  const { verdict, findings } = await validateApp(app)
  expect({ verdict, codes: findings.map(({ code }) => code) }).toEqual({ verdict: 'compatible', codes: ['LOCK_PLATFORM_ABSENT'] })
  for (const line of findings[0]?.remedy ?? []) await app.type(line)
  expect((await validateApp(app)).findings).toEqual([])
})

test('a frozen lock without this platform is refused, as Bundler does, until the commands that are told were typed', async () => {
  app = made.copy()
  await app.type('bundle config set --local frozen true')
  lockForMac()
  await expect(app.type('bundle exec ruby -e 1')).rejects.toThrow('only supports platforms')
  const { verdict, findings } = await validateApp(app)
  expect({ verdict, codes: findings.map(({ code }) => code) }).toEqual({ verdict: 'incompatible', codes: ['LOCK_PLATFORM_REFUSED'] })
  for (const line of findings[0]?.remedy ?? []) await app.type(line)
  expect(await validateApp(app)).toMatchObject({ verdict: 'compatible', findings: [] })
  await app.type('bundle exec ruby -e 1')
})

test('each version file that asks for another Ruby is a warning of its own, with the file', async () => {
  app = made.copy()
  const own = execFileSync('ruby', ['-e', 'print RUBY_VERSION'], { encoding: 'utf8' })
  const write = (name: string, text: string) => writeFileSync(join(app.path, name), text)
  write('.ruby-version', `${own}\n`)
  write('.tool-versions', 'nodejs 24.1.0\nruby 2.7.8\n')
  write('mise.local.toml', '[tools.ruby]\nversion = "2.6"\n')
  write('mise.toml', '[tools]\nruby = "2.5"\n')
  expect(await validateApp(app)).toMatchObject({
    verdict: 'compatible',
    findings: [
      { code: 'VERSION_FILE_DIFFERS', evidence: [{ what: 'asks for Ruby 2.7.8', where: join(app.path, '.tool-versions') }] },
      { code: 'VERSION_FILE_DIFFERS', evidence: [{ what: 'asks for Ruby 2.6', where: join(app.path, 'mise.local.toml') }] },
    ],
  })
})

test('a Dockerfile that ends with another Ruby is a note with its line', async () => {
  app = made.copy()
  const dockerfile = join(app.path, 'Dockerfile')
  writeFileSync(dockerfile, 'ARG VERSION=2.7\nFROM ruby:3.1 AS build\n\nFROM ruby:${VERSION}-slim\n')
  expect(await validateApp(app)).toMatchObject({
    verdict: 'compatible',
    findings: [{ code: 'DOCKERFILE_RUBY_DIFFERS', severity: 'note', evidence: [{ what: 'FROM ruby:2.7-slim', where: `${dockerfile}:4` }] }],
  })
  const minor = execFileSync('ruby', ['-e', 'print RUBY_VERSION[/\\d+\\.\\d+/]'], { encoding: 'utf8' })
  for (const text of [`FROM ruby:${minor}-slim\n`, 'FROM debian:bookworm\n', 'no Dockerfile at all\n']) {
    writeFileSync(dockerfile, text)
    expect((await validateApp(app)).findings).toEqual([])
  }
})

test('a Gemfile amid a merge is refused, as Bundler does', async () => {
  app = made.copy()
  const gemfile = join(app.path, 'Gemfile')
  writeFileSync(gemfile, `${readFileSync(gemfile, 'utf8')}<<<<<<< HEAD\n=======\n>>>>>>> other\n`)
  await expect(app.type('bundle exec ruby -e 1')).rejects.toThrow()
  const lines = readFileSync(gemfile, 'utf8').split('\n').indexOf('<<<<<<< HEAD') + 1
  expect((await validateApp(app)).findings).toMatchObject([
    {
      code: 'GEMFILE_UNREADABLE',
      severity: 'error',
      evidence: [{ what: expect.stringMatching(`^line ${lines}: a merge conflict`), where: gemfile }],
    },
  ])
})

test('a specification that can not be understood warns', async () => {
  app = made.copy()
  writeFileSync(specification(), 'Gem::Specification.new { |s| s.name = compute_it }\n')
  expect((await validateApp(app)).findings).toMatchObject([{ code: 'GEMSPEC_UNREADABLE', severity: 'warning', gem: 'tiny_ext' }])
})

test('one that states another version hides the gem, and one that is cut behind its stub lines hides it only with native code', async () => {
  app = made.copy()
  const whole = readFileSync(specification(), 'utf8')
  writeFileSync(specification(), whole.replaceAll('1.2.3', '1.2.2'))
  expect((await validateApp(app)).findings).toMatchObject([
    { code: 'GEMSPEC_BROKEN', severity: 'error', gem: 'tiny_ext', evidence: [{ what: 'states tiny_ext 1.2.2' }] },
  ])
  writeFileSync(specification(), whole.replace(/# stub: ext.*\n/, '').slice(0, 300))
  expect(await validateApp(app)).toMatchObject({
    verdict: 'compatible',
    findings: [{ code: 'GEMSPEC_UNREADABLE', evidence: [{ what: 'is cut: its last "end" is missing' }] }],
  })
})

test('a second Ruby on PATH is a note that names both, first the judged one', async () => {
  app = made.copy()
  const [ruby = '', config = ''] = execFileSync(
    'ruby',
    ['-rrbconfig', '-e', 'puts RbConfig.ruby, $LOADED_FEATURES.grep(/rbconfig.rb/)[0]'],
    {
      encoding: 'utf8',
    },
  ).split('\n')
  const other = join(app.path, 'other')
  const folder = join(other, 'lib/ruby/3.1.0/x86_64-linux')
  mkdirSync(join(other, 'bin'), { recursive: true })
  mkdirSync(folder, { recursive: true })
  cpSync(realpathSync(ruby), join(other, 'bin/ruby'))
  writeFileSync(join(folder, 'rbconfig.rb'), readFileSync(config, 'utf8').replace(/CONFIG\["TEENY"\] = "\d+"/, 'CONFIG["TEENY"] = "99"'))
  const env = { ...app.env, PATH: [app.env['PATH'] ?? '', join(other, 'bin')].join(delimiter) }
  const { verdict, findings } = await validateApp(app, { env })
  const [several] = findings
  expect(verdict).toBe('compatible')
  expect(several).toMatchObject({ code: 'SEVERAL_RUBIES', severity: 'note' })
  expect(several?.evidence.at(-1)).toEqual({ what: expect.stringMatching(/\.99$/), where: join(other, 'bin/ruby') })
  expect(several?.evidence[0]?.what).not.toMatch(/\.99$/)
})

test('two copies of libpq in one process are a note that names both', async () => {
  app = made.copy()
  const folder = join(app.path, 'libraries')
  mkdirSync(folder)
  writeFileSync(join(folder, 'made.c'), 'int PQlibVersion(void) { return 180000; }')
  const libraries = ['libpq.so.5', 'libpq-ruby-pg.so.1'] as const
  for (const name of libraries)
    execFileSync('gcc', ['-shared', '-fPIC', `-Wl,-soname,${name}`, '-o', join(folder, name), join(folder, 'made.c')])
  for (const file of [app.loaded, app.built])
    for (const words of [['--set-rpath', folder], ...libraries.map((name) => ['--add-needed', name])])
      execFileSync('patchelf', [...words, file])
  expect(await validateApp(app)).toMatchObject({
    verdict: 'compatible',
    findings: [
      { code: 'TWO_LIBRARIES', severity: 'note', evidence: libraries.toReversed().map((name) => ({ where: join(folder, name) })) },
    ],
  })
})

/** How this machine lets us mount: as root, or in a user namespace of our own. */
const ways = [['--mount'], ['--user', '--map-root-user', '--mount']] as const
const way = ways.find((words) => spawnSync('unshare', [...words, 'mount', '-t', 'tmpfs', '-o', 'noexec', 'none', '/mnt']).status === 0)

test.skipIf(way === undefined)('gems on a file system that is mounted noexec are an error with the mount', () => {
  app = made.copy()
  const saved = mkdtempSync(join(tmpdir(), 'bezel-noexec-'))
  try {
    const vendor = join(app.path, 'vendor')
    cpSync(vendor, saved, { recursive: true, verbatimSymlinks: true })
    const script = 'mount -t tmpfs -o noexec none "$1" && cp -a "$2/." "$1" && "$3" doctor --no-probe --format json "$4"'
    const words = [...(way ?? []), 'sh', '-c', script, 'sh', vendor, saved, bezel, app.path]
    const { stdout, status } = spawnSync('unshare', words, { env: app.env, encoding: 'utf8' })
    expect(status).toBe(78)
    expect(JSON.parse(stdout)).toMatchObject({
      verdict: 'incompatible',
      findings: [
        { code: 'FOLDER_NOT_EXECUTABLE', evidence: [{ where: vendor }], remedy: [expect.stringContaining('mount -o remount,exec ')] },
      ],
    })
  } finally {
    rmSync(saved, { recursive: true, force: true })
  }
})
