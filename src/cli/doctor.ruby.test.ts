import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createTinyApp, type TinyApp } from '../../test/fixtures/tiny-gem/tiny-app.ts'
import { runBezel, type Ended } from '../../test/support/run-bezel.ts'

let made: TinyApp
let app: TinyApp
beforeAll(() => {
  made = createTinyApp('bundler')
  app = made
})
afterAll(() => made.remove())
afterEach(() => {
  if (app !== made) app.remove()
  app = made
})

/** What stderr says besides that it takes longer than a second, as on a busy machine everything does. */
const troubles = (stderr: string) => stderr.replaceAll(/^bezel: reading and loading the gems of .*\n/gm, '')

function doctor(args: readonly string[] = [], env: Record<string, string> = {}, cwd = app.path): Promise<Ended> {
  return runBezel(['doctor', ...args], { cwd, env: { ...app.env, ...env } })
}

/** A copy whose gem RubyGems ignores as not built. */
function unbuilt(): void {
  app = made.copy()
  rmSync(join(app.builtFolder, 'gem.build_complete'))
}

interface Told {
  readonly verdict: string
  readonly findings: readonly {
    code: string
    severity: string
    gem: string | null
    evidence: unknown[]
    remedy: string[]
    explanation: string
  }[]
  readonly gems: readonly Record<string, unknown>[]
}

describe('what bezel doctor prints', () => {
  test('for a healthy bundle is four lines without colour, and it ends with 0', async () => {
    const { code, stdout, stderr } = await doctor()
    expect([code, troubles(stderr)]).toEqual([0, ''])
    const lines = stdout.trimEnd().split('\n')
    expect(lines.map((line) => line.split(/[ :]/)[0])).toEqual(['app', 'ruby', 'gems', 'compatible'])
    expect(lines[3]).toMatch(/^compatible: nothing found, in \d+ ms$/)
  })

  test('has the worst first, each with evidence and what to type, and ends with 78', async () => {
    unbuilt()
    execFileSync('sh', ['-c', `printf '\\nRUBY VERSION\\n   ruby 2.7.8p225\\n' >> "$1"`, 'sh', join(app.path, 'Gemfile.lock')])
    const { code, stdout } = await doctor()
    expect(code).toBe(78)
    expect(stdout).toMatch(
      /^error {2}tiny_ext: .* EXTENSION_NOT_BUILT\n {4}seen {2}gem\.build_complete is missing\n {10}\S.*\n {4}type {2}bundle install\n\nwarning /,
    )
    expect(stdout).toMatch(/\nincompatible: 1 error, 1 warning, in \d+ ms\n$/)
    expect(stdout).not.toContain('\x1b')
  })

  test('is what docs/doctor.md shows, but for this machine', async () => {
    unbuilt()
    const page = readFileSync(join(import.meta.dirname, '../../docs/doctor.md'), 'utf8')
    const shown = /```console\n\$ bezel doctor\n([^]*?)\n```/.exec(page)?.[1] ?? ''
    const plain = (text: string) =>
      text
        .replaceAll(app.path, '/srv/app')
        .replaceAll(/\d+\.\d+\.\d+(?= ?[,/])/g, 'V')
        .replaceAll(/(?<=Ruby |ABI )[\d.]+\d/g, 'V')
        .replaceAll(/\/\S*\/ruby[\d.]*$/gm, 'RUBY')
        .replace(/\d+ ms/, 'N ms')
        .replace(/extensions\/[^/]+/, 'extensions/PLATFORM')
    expect(plain((await doctor()).stdout.trimEnd())).toBe(plain(shown))
  })

  test('says where to type, for a reader who stands elsewhere', async () => {
    unbuilt()
    expect((await doctor([app.path], {}, '/')).stdout).toContain(`\ntype   the commands in ${app.path}\n`)
    expect((await doctor()).stdout).not.toContain('the commands in')
  })

  test('has colour where it is forced, and none where NO_COLOR forbids it', async () => {
    expect((await doctor(['--no-probe'], { FORCE_COLOR: '1' })).stdout).toContain('\x1b[32mcompatible')
    const typed = (env: string) => `${env} script -qec "'${join(import.meta.dirname, '../../bin/bezel')}' doctor --no-probe" /dev/null`
    const onTerminal = (env: string) =>
      execFileSync('sh', ['-c', typed(env)], { cwd: app.path, env: { ...app.env, TERM: 'xterm' }, encoding: 'utf8' })
    expect(onTerminal('')).toContain('\x1b[32mcompatible')
    expect(onTerminal('NO_COLOR=1')).not.toContain('\x1b[32m')
  })

  test('for a bundle that is not installed is still one screen, and JSON has it all', async () => {
    app = made.copy()
    const lock = join(app.path, 'Gemfile.lock')
    const gems = Array.from({ length: 40 }, (_, index) => `    gem${index} (1.0)`).join('\n')
    writeFileSync(lock, readFileSync(lock, 'utf8').replace('    tiny_ext (1.2.3)', `${gems}\n    tiny_ext (1.2.3)`))
    const { stdout } = await doctor(['--no-probe'])
    expect(stdout).toContain('\nwarning  the same of 37 more: gem3, gem4, ')
    expect(stdout.split('\n').length).toBeLessThan(25)
    expect((JSON.parse((await doctor(['--json', '--no-probe'])).stdout) as Told).findings).toHaveLength(40)
  })

  test('as JSON is one object of verdict, findings and the reports of the gems', async () => {
    unbuilt()
    const { code, stdout, stderr } = await doctor(['--format', 'json'])
    const told = JSON.parse(stdout) as Told
    expect([code, troubles(stderr), told.verdict]).toEqual([78, '', 'incompatible'])
    expect(told.findings[0]).toMatchObject({
      code: 'EXTENSION_NOT_BUILT',
      severity: 'error',
      gem: 'tiny_ext',
      evidence: [{ what: 'gem.build_complete is missing', where: app.builtFolder }],
      remedy: ['bundle install'],
    })
    expect(Object.keys(told.gems[0] ?? {})).toEqual([
      'gem_name',
      'installed_version',
      'ruby_version_compiled_for',
      'current_ruby_version',
      'compatibility_status',
      'recompilation_required',
      'recompilation_command',
    ])
    expect(told.gems[0]).toMatchObject({ gem_name: 'tiny_ext', recompilation_required: true, recompilation_command: 'bundle install' })
  })

  test('for GitHub is an annotation for each finding, whatever stands in it', async () => {
    app = made.copy()
    const lock = join(app.path, 'Gemfile.lock')
    writeFileSync(lock, readFileSync(lock, 'utf8').replace('tiny_ext (1.2.3)', 'tiny_ext (1.2.3)\n    100%_gem,x:y (1.0)'))
    const { code, stdout } = await doctor(['--format', 'github'])
    expect(code).toBe(0)
    expect(stdout.split('\n')).toEqual([
      expect.stringMatching(
        /^::warning file=Gemfile\.lock,title=100%25_gem%2Cx%3Ay%3A GEM_ABSENT::100%25_gem,x:y 1\.0 .*%0Aseen: .*%0Aremedy: bundle install$/,
      ),
      expect.stringMatching(/^(?:unknown|compatible): 1 warning$/),
      '',
    ])
  })

  test('tells on stderr that it goes on, when it takes longer than a second', async () => {
    app = made.copy()
    const bin = join(app.path, 'slow')
    mkdirSync(bin)
    writeFileSync(join(bin, 'ruby'), '#!/bin/sh\nsleep 1.5\nPATH=${PATH#*:} exec ruby "$@"\n')
    chmodSync(join(bin, 'ruby'), 0o755)
    const { code, stdout, stderr } = await doctor(['--format', 'json', '--no-probe'], { PATH: `${bin}:${app.env['PATH'] ?? ''}` })
    expect([code, (JSON.parse(stdout) as Told).verdict]).toEqual([0, 'compatible'])
    expect(stderr).toMatch(/^bezel: reading and loading the gems of \/.*, for \d+ s now\n$/)
  })
})

describe('ignore: in bezel.yml', () => {
  const entry = (until: string, finding = 'EXTENSION_NOT_BUILT') =>
    `ignore:\n  - { finding: ${finding}, gem: tiny_ext, reason: built on deploy, until: ${until} }\n`

  test('makes a finding a note with its reason, until its day', async () => {
    unbuilt()
    writeFileSync(join(app.path, 'bezel.yml'), entry('2999-12-31'))
    const { code, stdout } = await doctor()
    expect(code).toBe(0)
    expect(stdout).toMatch(/^note {2}tiny_ext: .* Ignored until 2999-12-31: built on deploy\. EXTENSION_NOT_BUILT/)
  })

  test('that has expired counts no more, and says so', async () => {
    unbuilt()
    writeFileSync(join(app.path, 'bezel.yml'), entry('2021-03-01'))
    const { code, stdout } = await doctor()
    expect(code).toBe(78)
    expect(stdout).toContain('It was ignored until 2021-03-01 (built on deploy), and that day is over.')
  })

  test('of a finding that does not exist is said, of a day that is none refused with 65', async () => {
    app = made.copy()
    writeFileSync(join(app.path, 'bezel.yml'), entry('2999-12-31', 'EXTENSION_NOT_BUILD'))
    expect(await doctor(['--no-probe'])).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('names EXTENSION_NOT_BUILD, which is no finding'),
    })
    writeFileSync(join(app.path, 'bezel.yml'), entry('tomorrow'))
    expect(await doctor(['--no-probe'])).toMatchObject({ code: 65, stderr: expect.stringContaining('until') })
  })
})

describe('bezel doctor ends with', () => {
  test('69 where there is no Ruby, and says where it looked', async () => {
    const empty = mkdtempSync(join(tmpdir(), 'bezel-empty-'))
    expect(await doctor(['--root', empty])).toMatchObject({ code: 69, stderr: expect.stringContaining(`${empty}/usr/bin/ruby`) })
    const told = await doctor(['--root', empty, '--format', 'json'])
    expect(told.code).toBe(69)
    expect(JSON.parse(told.stdout)).toMatchObject({ verdict: 'unknown', findings: [{ code: 'RUBY_ABSENT' }], gems: [], ruby: null })
    expect(await doctor(['--ruby', '/no/such/ruby'])).toMatchObject({
      code: 69,
      stderr: expect.stringMatching(/^bezel: There is no ruby in \/no\/such\/ruby\.\n {2}try: Let --ruby /),
    })
    mkdirSync(join(empty, 'usr/bin'), { recursive: true })
    writeFileSync(join(empty, 'usr/bin/ruby'), 'an interpreter without its library')
    expect(await doctor(['--root', empty])).toMatchObject({
      code: 69,
      stderr: expect.stringContaining(`${empty}/usr/bin/ruby is there, and no rbconfig.rb beside it`),
    })
    rmSync(empty, { recursive: true })
  })

  test.each([
    [['--format', 'xml'], 'choices'],
    [['--yes'], 'try: bezel doctor --fix --yes'],
    [['--fix', '--root', '/'], 'can not be used with --root'],
    [['one', 'two'], 'too many arguments'],
  ])('64 for %j', async (args, said) => {
    expect(await doctor(args)).toMatchObject({ code: 64, stdout: '', stderr: expect.stringContaining(said) })
  })
})
