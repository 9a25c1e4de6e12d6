import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createTinyApp, type TinyApp } from '../../test/fixtures/tiny-gem/tiny-app.ts'
import { runBezel, type Around, type Ended } from '../../test/support/run-bezel.ts'

const bezel = resolve(import.meta.dirname, '../../bin/bezel')

let made: TinyApp
let app: TinyApp
beforeAll(() => {
  made = createTinyApp('bundler')
})
afterAll(() => made.remove())
afterEach(() => app.remove())

function fix(args: readonly string[] = [], around: Partial<Around> = {}): Promise<Ended> {
  return runBezel(['doctor', '--fix', '--no-probe', ...args], { cwd: app.path, env: app.env, ...around })
}

const mark = () => join(app.builtFolder, 'gem.build_complete')

/** A copy that two commands mend: `rm …gemspec` and `bundle install`. */
function breakApp(): void {
  app = made.copy()
  rmSync(join(app.home, 'cache'), { recursive: true })
  for (const file of [app.loaded, app.built]) writeFileSync(file, '')
}

/** Tools of the system but for one, which a plan needs. */
function withoutRm(): string {
  const bin = join(app.path, 'bin')
  mkdirSync(bin)
  for (const tool of readdirSync('/usr/bin')) if (tool !== 'rm') symlinkSync(join('/usr/bin', tool), join(bin, tool))
  return bin
}

/** On a terminal that `script` makes: types each answer once its question (any text) is seen. */
function fixOnTerminal(
  ...answers: readonly (readonly [question: string, keys: string])[]
): Promise<{ code: number | null; printed: string }> {
  const child = spawn('script', ['-qec', `'${bezel}' doctor --fix --no-probe`, '/dev/null'], {
    cwd: app.path,
    env: { ...app.env, TERM: 'dumb' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const left = [...answers]
  let printed = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text
    const [next] = left
    if (next === undefined || !printed.includes(next[0])) return
    left.shift()
    child.stdin.write(next[1])
  })
  return new Promise((done) => child.on('close', (code) => done({ code, printed })))
}

describe('bezel doctor --fix --yes', () => {
  test('shows the plan, runs it, validates again and ends with 0', async () => {
    breakApp()
    const { code, stdout, stderr } = await fix(['--yes'])
    expect(code).toBe(0)
    expect(stdout).toMatch(
      /^To be run in \/.*:\n {2}rm \S+\n {2}bundle install\n\n\$ rm \S+\n\n\$ bundle install\n\nMended: compatible\.\n$/,
    )
    expect(stderr).toContain('Bundle complete!')
  })

  test('leaves standard output to the report of another format', async () => {
    breakApp()
    const { code, stdout, stderr } = await fix(['--yes', '--format', 'json'])
    expect([code, (JSON.parse(stdout) as { verdict: string }).verdict]).toEqual([0, 'compatible'])
    expect(stderr).toContain('$ bundle install')
  })

  test('says that there is nothing to mend', async () => {
    app = made.copy()
    expect(await fix(['--yes'])).toMatchObject({ code: 0, stdout: 'There is nothing to mend.\n' })
  })

  test('shows what only a person can do, and ends with 78', async () => {
    app = made.copy()
    writeFileSync(join(app.path, 'Gemfile'), 'ruby "~> 9.9"\n')
    expect(await fix(['--yes'])).toMatchObject({
      code: 78,
      stdout: 'By hand:\n  Run the app with Ruby ~> 9.9, or change what asks for it.\nThere is nothing that bezel could run to mend it.\n',
    })
  })

  test('stops at a command that fails, says so, what is left, and ends with 78', async () => {
    breakApp()
    writeFileSync(join(app.path, 'Gemfile'), 'raise "no Gemfile today"\n')
    const { code, stdout } = await fix(['--yes'])
    expect(code).toBe(78)
    expect(stdout).toMatch(/\n\n"bundle install" failed \(exit status \d+\)\.\n\nLeft:\n {2}tiny_ext: .* [A-Z_]+\n$/)
  })

  test('runs nothing behind a command that fails, and lists it', async () => {
    breakApp()
    const file = join(app.home, 'specifications/tiny_ext-1.2.3.gemspec')
    const away = await fix(['--yes'], { env: { ...app.env, PATH: withoutRm() } })
    expect(away.stdout).toContain('failed (exit status 127).\nNot run:\n  bundle install\n')
    expect([away.code, existsSync(file)]).toEqual([78, true])
  })

  test('a signal ends the running command with all that it started: 143', async () => {
    breakApp()
    const pidFile = join(app.path, 'pid')
    writeFileSync(join(app.path, 'Gemfile'), 'File.write("pid", Process.pid)\nwarn "Gemfile is read"\nsleep\n')
    let sent = false
    const { code, stdout } = await fix(['--yes'], {
      watch: (printed, kill) => {
        if (sent || !printed.includes('Gemfile is read')) return
        sent = true
        kill('SIGTERM')
      },
    })
    expect(code).toBe(143)
    expect(stdout).toMatch(/\n"bundle install" was stopped by SIGTERM\.\n"bezel doctor" tells what is left\.\n$/)
    expect(() => process.kill(Number(readFileSync(pidFile, 'utf8')), 0)).toThrow('ESRCH')
  })
})

describe('bezel doctor --fix', () => {
  test('runs nothing where nobody can be asked, and ends with 64', async () => {
    breakApp()
    const { code, stderr } = await fix()
    expect([code, stderr]).toEqual([64, 'bezel: Nobody is there to ask, so nothing was run: --fix without a terminal needs --yes.\n'])
    expect(existsSync(join(app.home, 'specifications/tiny_ext-1.2.3.gemspec'))).toBe(true)
  })

  test.each([
    ['no', 'n\r'],
    ['an empty line', '\r'],
    ['Ctrl-C', '\x03'],
    ['Ctrl-D', '\x04'],
  ])('runs nothing after %s, and ends with 78', async (_title, answer) => {
    breakApp()
    const { code, printed } = await fixOnTerminal(['[y/N]', answer])
    expect(code).toBe(78)
    expect(printed).toContain('Nothing was run.')
    expect(printed).not.toContain('$ ')
  })

  test('runs the plan after a yes', async () => {
    app = made.copy()
    rmSync(mark())
    const { code, printed } = await fixOnTerminal(['[y/N]', 'yes\r'])
    expect([code, printed]).toEqual([0, expect.stringContaining('Mended: compatible.')])
  })

  test('Ctrl-C amid a command stops that one, and no other is run: 130', async () => {
    app = made.copy()
    rmSync(mark())
    writeFileSync(join(app.path, 'Gemfile'), 'puts "Gemfile is read"\n$stdout.flush\nsleep\n')
    const { code, printed } = await fixOnTerminal(['[y/N]', 'y\r'], ['Gemfile is read', '\x03'])
    expect(code).toBe(130)
    expect(printed).toContain('"bundle install" was stopped by SIGINT.')
    expect(printed).not.toContain('Mended')
  })
})
