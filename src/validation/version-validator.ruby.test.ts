import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createTinyApp, type TinyApp } from '../../test/fixtures/tiny-gem/tiny-app.ts'
import type { BezelEvent } from '../events.ts'
import { systemClock } from '../system/clock.ts'
import { validationDefaults, type ValidationSettings } from './options.ts'
import { VersionValidator } from './version-validator.ts'

let made: TinyApp
let app: TinyApp
beforeAll(() => {
  made = createTinyApp('bundler')
})
afterAll(() => made.remove())
afterEach(() => app.remove())

function validator(settings: Partial<ValidationSettings> = {}): { validator: VersionValidator; told: BezelEvent[] } {
  const told: BezelEvent[] = []
  const complete = { ...validationDefaults, appPath: app.path, env: app.env, ...settings }
  return { validator: new VersionValidator(complete, { clock: systemClock, random: Math.random, emit: (event) => told.push(event) }), told }
}

async function codes(settings: Partial<ValidationSettings> = {}): Promise<{ verdict: string; codes: string[] }> {
  const { verdict, findings } = await validator({ probe: false, ...settings }).validator.validate()
  return { verdict, codes: findings.map(({ code, severity }) => `${severity} ${code}`) }
}

/** Compiles one C file as an extension, in the place of the gem's own. */
function compileInPlace(source: string): void {
  const file = join(app.path, 'made.c')
  writeFileSync(file, source)
  const flags = execFileSync(
    'ruby',
    [
      '-rrbconfig',
      '-e',
      'c = RbConfig::CONFIG; puts "-I#{c["rubyhdrdir"]}", "-I#{c["rubyarchhdrdir"]}", "-L#{c["libdir"]}", *c["LIBRUBYARG"].split',
    ],
    { encoding: 'utf8' },
  )
  for (const target of [app.loaded, app.built])
    execFileSync('gcc', ['-g', '-shared', '-fPIC', '-o', target, file, ...flags.trim().split('\n')], { stdio: 'pipe' })
}

describe('where Ruby looks elsewhere than its files promise', () => {
  test('what it says counts', async () => {
    app = made.copy()
    // RubyGems takes the empty last entry of GEM_PATH for its default folders.
    const empty = join(app.path, 'empty')
    const env = { ...app.env, GEM_HOME: empty, GEM_PATH: `${empty}:` }
    const home = join(app.env['HOME'] ?? '', '.local/share/gem/ruby', basename(app.home))
    mkdirSync(dirname(home), { recursive: true })
    cpSync(app.home, home, { recursive: true })
    rmSync(join(app.path, 'Gemfile.lock'))
    rmSync(join(app.path, '.bundle'), { recursive: true })
    writeFileSync(join(home, 'gems/tiny_ext-1.2.3/lib/tiny_ext.so'), '')
    expect((await codes({ env })).codes).toContain('error EXTENSION_TRUNCATED')
  })
})

describe('a bundle', () => {
  test('whose extensions are built for its Ruby is compatible, with a report for each gem', async () => {
    app = made.copy()
    const { validator: subject, told } = validator()
    const report = await subject.validate()
    expect(report).toMatchObject({ verdict: 'compatible', findings: [], scope: 'lock', extensions: 1 })
    expect(report.gems).toEqual([
      {
        gemName: 'tiny_ext',
        installedVersion: '1.2.3',
        rubyVersionCompiledFor: report.ruby?.version.replace(/\.\d+$/, ''),
        currentRubyVersion: report.ruby?.version,
        compatibilityStatus: 'compatible',
        recompilationRequired: false,
        recompilationCommand: null,
      },
    ])
    expect(told).toEqual([{ tag: 'ValidationFinished', verdict: 'compatible', findings: 0, tookMs: report.tookMs }])
    expect(subject.snapshot().report).toBe(report)
  })

  test('is not condemned by a broken gem outside its lock, or that its Gemfile does not need', async () => {
    app = made.copy()
    cpSync(join(app.home, 'gems/tiny_ext-1.2.3'), join(app.home, 'gems/other-1.0.0'), { recursive: true })
    writeFileSync(join(app.home, 'gems/other-1.0.0/lib/tiny_ext.so'), 'version https://git-lfs.github.com/spec/v1\n')
    writeFileSync(join(app.home, 'specifications/other-1.0.0.gemspec'), '# stub: other 1.0.0 ruby lib\n# stub: ext/extconf.rb\n')
    expect(await codes()).toEqual({ verdict: 'compatible', codes: [] })
    rmSync(join(app.path, 'Gemfile.lock'))
    expect(await codes()).toEqual({ verdict: 'compatible', codes: ['note LOCK_ABSENT'] })
    rmSync(join(app.path, 'Gemfile'))
    const everything = await codes({ env: { ...app.env, GEM_HOME: app.home } })
    expect(everything).toMatchObject({
      verdict: 'incompatible',
      codes: expect.arrayContaining(['note LOCK_ABSENT', 'error EXTENSION_NOT_BUILT']),
    })
  })

  test('installed for another Ruby only is incompatible', async () => {
    app = made.copy()
    renameSync(app.home, join(app.home, '../2.7.0'))
    expect(await codes()).toEqual({ verdict: 'incompatible', codes: ['error GEM_FOR_OTHER_RUBY'] })
  })

  test('that is not installed is incompatible, and the missing gem is named', async () => {
    app = made.copy()
    rmSync(app.home, { recursive: true })
    expect(await codes()).toEqual({ verdict: 'incompatible', codes: ['error NEEDED_GEM_ABSENT'] })
  })

  test('with a copy that is not loaded from another build stays compatible, with a note', async () => {
    app = made.copy()
    execFileSync('strip', [app.built])
    expect(await codes()).toEqual({ verdict: 'compatible', codes: ['note COPIES_DIFFER'] })
  })

  test('without evidence in the file is unknown, and warns', async () => {
    app = made.copy()
    for (const file of [app.loaded, app.built]) {
      execFileSync('strip', [file])
      for (const name of execFileSync('patchelf', ['--print-needed', file], { encoding: 'utf8' })
        .split('\n')
        .filter((each) => each.startsWith('libruby')))
        execFileSync('patchelf', ['--remove-needed', name, file])
    }
    expect(await codes()).toEqual({ verdict: 'unknown', codes: ['warning ORIGIN_UNKNOWN'] })
  })
})

describe("the Ruby that the app's files ask for", () => {
  test('refuses when the Gemfile states it', async () => {
    app = made.copy()
    const gemfile = join(app.path, 'Gemfile')
    execFileSync('sh', ['-c', `printf 'ruby "~> 9.9"\\n' >> "$1"`, 'sh', gemfile])
    expect(await codes()).toEqual({ verdict: 'incompatible', codes: ['error GEMFILE_RUBY_DIFFERS'] })
    writeFileSync(join(app.path, '.ruby-version'), '2.7.8\n')
    execFileSync('sed', ['-i', 's/^ruby .*/ruby file: ".ruby-version"/', gemfile])
    expect(await codes()).toEqual({ verdict: 'incompatible', codes: ['error GEMFILE_RUBY_DIFFERS'] })
  })

  test('only warns when the lock or a version file alone states it', async () => {
    app = made.copy()
    execFileSync('sh', ['-c', `printf '\\nRUBY VERSION\\n   ruby 2.7.8p225\\n' >> "$1"`, 'sh', join(app.path, 'Gemfile.lock')])
    writeFileSync(join(app.path, '.ruby-version'), '2.7.8\n')
    expect(await codes()).toEqual({ verdict: 'compatible', codes: ['warning LOCK_RUBY_DIFFERS', 'warning VERSION_FILE_DIFFERS'] })
  })
})

describe('the load probe', () => {
  test('tells a library that the loader refuses', async () => {
    app = made.copy()
    compileInPlace('#include <ruby.h>\nvoid Init_tiny_ext(void) { rb_raise(rb_eNoMemError, "failed to allocate memory"); }')
    const { validator: subject, told } = validator()
    const { findings } = await subject.validate()
    expect(findings[0]).toMatchObject({ code: 'LOAD_REFUSED', gem: 'tiny_ext', remedy: ['bundle pristine tiny_ext'] })
    expect(told[0]).toMatchObject({ tag: 'GemRefused', gem: 'tiny_ext', code: 'LOAD_REFUSED' })
  })

  test('survives an extension that kills its process, and names it', async () => {
    app = made.copy()
    compileInPlace('#include <ruby.h>\nvoid Init_tiny_ext(void) { *(volatile int *)8 = 1; }')
    const findings = await validator().validator.checkNativeExtensions()
    expect(findings[0]).toMatchObject({
      code: 'LOAD_CRASHED',
      gem: 'tiny_ext',
      evidence: [{ what: expect.stringContaining('[BUG] Segmentation fault'), where: app.loaded }],
    })
  })

  test('warns of an extension that kills its process when it ends', async () => {
    app = made.copy()
    compileInPlace(
      '#include <ruby.h>\nstatic void fault(VALUE nothing) { *(volatile int *)8 = 1; }\nvoid Init_tiny_ext(void) { rb_set_end_proc(fault, Qnil); }',
    )
    const findings = await validator().validator.checkNativeExtensions()
    expect(findings).toMatchObject([{ code: 'EXIT_CRASHED', gem: 'tiny_ext', severity: 'warning', evidence: [{ where: app.loaded }] }])
  })

  test('ends an extension that hangs', async () => {
    app = made.copy()
    compileInPlace('#include <ruby.h>\n#include <unistd.h>\nvoid Init_tiny_ext(void) { for (;;) pause(); }')
    const findings = await validator({ probeTimeoutMs: 1_500 }).validator.checkNativeExtensions()
    expect(findings[0]).toMatchObject({ code: 'LOAD_HUNG', gem: 'tiny_ext' })
  })

  test('finds a call of what does not exist, which only the first call would show', async () => {
    app = made.copy()
    compileInPlace(
      '#include <ruby.h>\nextern void rb_tainted_nothing(void);\nstatic VALUE late(VALUE self) { rb_tainted_nothing(); return self; }\nvoid Init_tiny_ext(void) { rb_define_global_function("late", late, 0); }',
    )
    expect((await validator().validator.validate()).findings.map(({ code }) => code)).toEqual(['RUBY_SYMBOL_ABSENT'])
    compileInPlace(
      '#include <ruby.h>\nextern void somewhere_else(void);\nstatic VALUE late(VALUE self) { somewhere_else(); return self; }\nvoid Init_tiny_ext(void) { rb_define_global_function("late", late, 0); }',
    )
    expect((await validator().validator.validate()).findings.map(({ code }) => code)).toEqual(['LIBRARY_SYMBOL_ABSENT'])
  })
})

describe('what is missing or unusable', () => {
  test('no Ruby: says where it looked', async () => {
    app = made.copy()
    const empty = mkdtempSync(join(tmpdir(), 'bezel-empty-'))
    await expect(validator({ env: { ...app.env, PATH: empty } }).validator.validate()).rejects.toMatchObject({
      code: 'RUBY_NOT_FOUND',
      message: expect.stringContaining(empty),
    })
    rmSync(empty, { recursive: true })
  })

  test('no app: says which folder', async () => {
    app = made.copy()
    await expect(validator({ appPath: '/no/such/folder' }).validator.validate()).rejects.toMatchObject({ code: 'DATA_UNREADABLE' })
  })

  test('a Ruby that does not start is a finding, and its gems are judged all the same', async () => {
    app = made.copy()
    const bin = join(app.path, 'bin')
    mkdirSync(bin)
    writeFileSync(join(bin, 'ruby'), '#!/bin/sh\necho "libruby: cannot open shared object file" >&2\nexit 127\n')
    chmodSync(join(bin, 'ruby'), 0o755)
    expect(await codes({ env: { ...app.env, PATH: `${bin}:/usr/bin:/bin` } })).toEqual({
      verdict: 'incompatible',
      codes: ['error RUBY_BROKEN'],
    })
  })

  test('a Ruby that starts only without RubyGems is a finding of the probe', async () => {
    app = made.copy()
    const bin = join(app.path, 'bin')
    mkdirSync(bin)
    writeFileSync(join(bin, 'rubygems.rb'), "require 'rubygems/half_of_it_is_gone'\n")
    writeFileSync(join(bin, 'ruby'), `#!/bin/sh\nexec /usr/bin/ruby -I "${bin}" "$@"\n`)
    chmodSync(join(bin, 'ruby'), 0o755)
    const env = { ...app.env, PATH: `${bin}:/usr/bin:/bin` }
    const { findings } = await validator({ env, probe: true }).validator.validate()
    expect(findings).toMatchObject([{ code: 'RUBY_BROKEN', evidence: [{ what: expect.stringContaining('half_of_it_is_gone') }] }])
  })

  test('a lock in a merge conflict: says the line', async () => {
    app = made.copy()
    writeFileSync(join(app.path, 'Gemfile.lock'), 'GEM\n  remote: x\n<<<<<<< HEAD\n')
    const { findings } = await validator().validator.validate()
    expect(findings[0]).toMatchObject({
      code: 'LOCK_UNREADABLE',
      evidence: [{ what: expect.stringContaining('line 3: a merge conflict marker') }],
    })
  })

  test('a loop of links: a line of its own', async () => {
    app = made.copy()
    for (const file of [app.loaded, app.built]) {
      rmSync(file)
      symlinkSync('tiny_ext.so', file)
    }
    expect((await codes()).codes).toEqual(expect.arrayContaining(['error EXTENSION_UNREADABLE', 'warning FILE_UNREADABLE']))
  })

  test('a link that leads nowhere: Ruby takes the next copy', async () => {
    app = made.copy()
    rmSync(app.loaded)
    symlinkSync('/no/such/file', app.loaded)
    expect(await codes()).toEqual({ verdict: 'compatible', codes: ['note COPIES_DIFFER'] })
  })

  test.each(['gems/tiny_ext-1.2.3', 'specifications/tiny_ext-1.2.3.gemspec'])('%s: half a gem is none', async (part) => {
    app = made.copy()
    rmSync(join(app.home, part), { recursive: true })
    expect(await codes()).toEqual({ verdict: 'incompatible', codes: ['error GEM_INCOMPLETE'] })
  })
})

test('a finding that is ignored for a gem becomes a note with the reason, until its day', async () => {
  app = made.copy()
  rmSync(join(app.builtFolder, 'gem.build_complete'))
  const ignore = [{ code: 'EXTENSION_NOT_BUILT', gem: 'tiny_ext', reason: 'known', until: '2999-01-01' }]
  expect(await codes({ ignore })).toEqual({ verdict: 'compatible', codes: ['note EXTENSION_NOT_BUILT'] })
  expect(await codes({ ignore: ignore.map((each) => ({ ...each, until: '2001-01-01' })) })).toMatchObject({ verdict: 'incompatible' })
})

test('one gem can be asked for', async () => {
  app = made.copy()
  const { validator: subject } = validator({ probe: false })
  expect(await subject.validateGemCompatibility('tiny_ext', '1.2.3')).toMatchObject({ compatibilityStatus: 'compatible' })
  expect(await subject.validateGemCompatibility('tiny_ext', '9.9.9')).toMatchObject({ compatibilityStatus: 'unknown' })
  rmSync(join(app.builtFolder, 'gem.build_complete'))
  expect(await subject.validateGemCompatibility('tiny_ext', '1.2.3')).toMatchObject({
    compatibilityStatus: 'incompatible',
    recompilationRequired: true,
    recompilationCommand: 'bundle install',
  })
  expect(await subject.generateRecompilationCommands()).toEqual(['bundle install'])
  expect(await subject.validateRubyConsistency()).toMatchObject({ consistent: false })
})
