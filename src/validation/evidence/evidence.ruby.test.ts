import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createTinyApp, type TinyApp } from '../../../test/fixtures/tiny-gem/tiny-app.ts'
import { systemClock } from '../../system/clock.ts'
import { validationDefaults, type ValidationSettings } from '../options.ts'
import { VersionValidator } from '../version-validator.ts'

let made: TinyApp
let app: TinyApp
beforeAll(() => {
  made = createTinyApp('bundler')
})
afterAll(() => made.remove())
afterEach(() => app.remove())

async function findings(settings: Partial<ValidationSettings> = {}) {
  const complete = { ...validationDefaults, appPath: app.path, env: app.env, probe: false, ...settings }
  const { findings } = await new VersionValidator(complete, { clock: systemClock, random: Math.random, emit: () => {} }).validate()
  return findings
}
const codes = async (settings: Partial<ValidationSettings> = {}) => (await findings(settings)).map(({ code }) => code)

const both = (edit: (file: string) => void) => {
  for (const file of [app.loaded, app.built]) edit(file)
}
const patchelf = (...args: string[]) => execFileSync('patchelf', args, { stdio: 'pipe' })

function rubyFlags(): string[] {
  const code = 'c = RbConfig::CONFIG; puts "-I#{c["rubyhdrdir"]}", "-I#{c["rubyarchhdrdir"]}", "-L#{c["libdir"]}", *c["LIBRUBYARG"].split'
  return execFileSync('ruby', ['-rrbconfig', '-e', code], { encoding: 'utf8' }).trim().split('\n')
}

function compile(source: string, ...flags: string[]): void {
  const file = join(app.path, 'made.c')
  writeFileSync(file, `#include <ruby.h>\n${source}`)
  both((target) => execFileSync('gcc', ['-g', '-shared', '-fPIC', '-o', target, file, ...rubyFlags(), ...flags], { stdio: 'pipe' }))
}

describe('one compiled file', () => {
  test('for another processor, or the other C library', async () => {
    app = made.copy()
    both((file) => {
      const bytes = readFileSync(file)
      bytes.writeUInt16LE(183, 18)
      writeFileSync(file, bytes)
    })
    expect((await findings())[0]).toMatchObject({
      code: 'ARCHITECTURE_DIFFERS',
      evidence: [{ what: 'AArch64, 64 bit' }, { what: 'x86-64, 64 bit' }],
    })
    app.remove()
    app = made.copy()
    both((file) => patchelf('--replace-needed', 'libc.so.6', 'libc.musl-x86_64.so.1', file))
    expect(await codes()).toEqual(['LIBC_DIFFERS'])
  })

  test('that needs a library which is not there, with the package that holds it', async () => {
    app = made.copy()
    both((file) => patchelf('--add-needed', 'libvips.so.42', file))
    expect(await findings()).toMatchObject([{ code: 'LIBRARY_ABSENT', remedy: ['apt-get install -y libvips42'] }])
  })

  test('that needs an older major version than the one installed is rebuilt', async () => {
    app = made.copy()
    both((file) => patchelf('--add-needed', 'libz.so.0', file))
    expect(await findings()).toMatchObject([{ code: 'LIBRARY_ABSENT', remedy: ['bundle pristine tiny_ext'] }])
  })

  test('that was built with a newer library', async () => {
    app = made.copy()
    const folder = join(app.path, 'newer')
    mkdirSync(folder)
    writeFileSync(join(folder, 'made.c'), 'int made(void) { return 1; }')
    writeFileSync(join(folder, 'made.map'), 'MADE_2.0 { global: made; };')
    const build = (version: string) => {
      writeFileSync(join(folder, 'made.map'), `MADE_${version} { global: made; };`)
      execFileSync('gcc', [
        '-shared',
        '-fPIC',
        '-Wl,-soname,libmade.so.1',
        `-Wl,--version-script=${join(folder, 'made.map')}`,
        '-o',
        join(folder, 'libmade.so.1'),
        join(folder, 'made.c'),
      ])
    }
    build('2.0')
    compile(
      'extern int made(void);\nvoid Init_tiny_ext(void) { rb_define_global_const("MADE", INT2FIX(made())); }',
      `-L${folder}`,
      '-l:libmade.so.1',
      `-Wl,-rpath,${folder}`,
    )
    expect(await codes()).toEqual([])
    build('1.0')
    expect(await findings()).toMatchObject([
      { code: 'LIBRARY_TOO_OLD', evidence: [{ what: 'needs MADE_2.0 of libmade.so.1' }, { what: 'offers up to MADE_1.0' }] },
    ])
  })

  test('with an executable stack', async () => {
    app = made.copy()
    compile('void Init_tiny_ext(void) { rb_define_module("TinyExt"); }', '-Wl,-z,execstack')
    expect(await codes()).toEqual(['EXECUTABLE_STACK'])
  })

  test('under the name of another', async () => {
    app = made.copy()
    both((file) => renameSync(file, join(dirname(file), 'renamed.so')))
    expect(await codes()).toEqual(['INIT_ABSENT'])
  })

  test('whose debug information is compressed still names its Ruby', async () => {
    app = made.copy()
    both((file) => {
      patchelf(
        '--remove-needed',
        execFileSync('patchelf', ['--print-needed', file], { encoding: 'utf8' })
          .split('\n')
          .find((name) => name.startsWith('libruby')) ?? '',
        file,
      )
      execFileSync('objcopy', ['--compress-debug-sections=zlib', file])
    })
    expect(await codes()).toEqual([])
  })

  test('of macOS on Linux', async () => {
    app = made.copy()
    both((file) => writeFileSync(file, Buffer.from('cffaedfe0c00000100000000080000000000000000000000', 'hex')))
    expect((await findings())[0]).toMatchObject({
      code: 'EXTENSION_NO_LIBRARY',
      evidence: [{ what: 'the file is a macOS library (Mach-O)' }],
    })
  })
})

test('the log of the build tells that a folder was renamed for this Ruby', async () => {
  app = made.copy()
  both((file) => {
    execFileSync('strip', [file])
    patchelf(
      '--remove-needed',
      execFileSync('patchelf', ['--print-needed', file], { encoding: 'utf8' })
        .split('\n')
        .find((name) => name.startsWith('libruby')) ?? '',
      file,
    )
  })
  const log = join(app.builtFolder, 'gem_make.out')
  writeFileSync(
    log,
    readFileSync(log, 'utf8')
      .replaceAll(/ruby3\.\d/g, 'ruby2.7')
      .replaceAll(/ruby-3\.\d\.\d/g, 'ruby-2.7.0'),
  )
  rmSync(join(app.builtFolder, 'mkmf.log'), { force: true })
  expect((await findings())[0]).toMatchObject({
    code: 'BUILT_FOR_OTHER_RUBY',
    evidence: expect.arrayContaining([{ what: 'the log of the build names its Ruby (Ruby 2.7)', where: log }]),
  })
})

test('a file that says nothing, equal to the copy of another Ruby, was overwritten by it', async () => {
  app = made.copy()
  const other = join(app.builtFolder, '../../2.7.0/tiny_ext-1.2.3')
  cpSync(app.builtFolder, other, { recursive: true })
  execFileSync('strip', [app.loaded])
  patchelf(
    '--remove-needed',
    execFileSync('patchelf', ['--print-needed', app.loaded], { encoding: 'utf8' })
      .split('\n')
      .find((name) => name.startsWith('libruby')) ?? '',
    app.loaded,
  )
  cpSync(app.loaded, join(other, 'tiny_ext.so'))
  expect((await findings())[0]).toMatchObject({
    code: 'BUILT_FOR_OTHER_RUBY',
    evidence: [{ what: expect.stringContaining('equal to the copy built for 2.7.0') }],
  })
})

test('a precompiled gem without this minor names those that it has', async () => {
  app = made.copy()
  const spec = join(app.home, 'specifications/tiny_ext-1.2.3.gemspec')
  const platform = execFileSync('ruby', ['-e', 'print Gem::Platform.local'], { encoding: 'utf8' })
  writeFileSync(
    join(app.home, `specifications/tiny_ext-1.2.3-${platform}.gemspec`),
    readFileSync(spec, 'utf8')
      .replace('# stub: tiny_ext 1.2.3 ruby lib', `# stub: tiny_ext 1.2.3 ${platform} lib`)
      .replace(/# stub: ext.*\n/, ''),
  )
  rmSync(spec)
  const lib = join(app.home, `gems/tiny_ext-1.2.3-${platform}/lib`)
  for (const minor of ['2.6', '2.7']) {
    mkdirSync(join(lib, minor), { recursive: true })
    cpSync(app.loaded, join(lib, minor, 'tiny_ext.so'))
  }
  const lock = join(app.path, 'Gemfile.lock')
  writeFileSync(lock, readFileSync(lock, 'utf8').replace('tiny_ext (1.2.3)', `tiny_ext (1.2.3-${platform})`))
  expect((await findings())[0]).toMatchObject({
    code: 'PRECOMPILED_FOR_OTHERS',
    evidence: [{ what: expect.stringContaining('2.6, 2.7') }],
    remedy: expect.arrayContaining([expect.stringContaining('force_ruby_platform'), 'bundle install']),
  })
})

test('variables and preloaded libraries that belong to another Ruby or are missing', async () => {
  app = made.copy()
  const env = { ...app.env, LD_PRELOAD: '/no/such/libjemalloc.so.2', RUBY_VERSION: '2.7.8', GEM_PATH: '/usr/local/bundle/ruby/2.7.0' }
  expect((await codes({ env })).sort()).toEqual(['ENVIRONMENT_DIFFERS', 'ENVIRONMENT_DIFFERS', 'PRELOAD_BROKEN'])
})

test('a version that is publicly known to be bad', async () => {
  app = made.copy()
  const lock = join(app.path, 'Gemfile.lock')
  writeFileSync(lock, readFileSync(lock, 'utf8').replace('    tiny_ext (1.2.3)\n', '    pg (1.5.1)\n    tiny_ext (1.2.3)\n'))
  writeFileSync(join(app.home, 'specifications/pg-1.5.1.gemspec'), '# stub: pg 1.5.1 ruby lib\n\n')
  mkdirSync(join(app.home, 'gems/pg-1.5.1/lib'), { recursive: true })
  expect(await findings()).toMatchObject([{ code: 'KNOWN_BAD_VERSION', gem: 'pg', severity: 'warning', remedy: ['bundle update pg'] }])
})

test('a folder that may not be read', async () => {
  app = made.copy()
  // Root reads everything: what a person without permission sees is told by running as one.
  const lib = dirname(app.loaded)
  chmodSync(lib, 0o000)
  const seen = readable(lib) ? [] : ['FILE_UNREADABLE']
  expect(await codes()).toEqual(seen)
  chmodSync(lib, 0o755)
})

function readable(folder: string): boolean {
  try {
    return readdirSync(folder).length > 0
  } catch {
    return false
  }
}
