import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createTinyApp, type TinyApp } from '../../test/fixtures/tiny-gem/tiny-app.ts'
import { runBezel, type Ended } from '../../test/support/run-bezel.ts'

let made: TinyApp
let app: TinyApp
beforeAll(() => {
  made = createTinyApp('bundler')
})
afterAll(() => made.remove())
beforeEach(() => {
  app = made.copy()
})
afterEach(() => app.remove())

/** As a user would type it; whatever it is given, it says something within its time and is no crash. */
async function doctor(args: readonly string[] = [], before: readonly string[] = [], cwd = app.path): Promise<Ended> {
  const ended = await runBezel(['doctor', ...args], { cwd, env: app.env, before })
  expect(ended.stderr).not.toContain('fault in bezel')
  expect([0, 64, 65, 69, 78]).toContain(ended.code)
  return ended
}

interface Told {
  readonly verdict: string
  readonly findings: readonly { code: string; evidence: { what: string; where: string }[]; explanation: string; remedy: string[] }[]
}

async function told(...args: Parameters<typeof doctor>): Promise<Told> {
  const { stdout } = await doctor(['--format', 'json', ...(args[0] ?? [])], args[1], args[2])
  return JSON.parse(stdout) as Told
}

const fifo = (path: string) => execFileSync('mkfifo', [path])

describe('instead of an app,', () => {
  test.each([
    ['nothing', () => '/no/such/app', 'There is no folder /no/such/app; it should hold the app.'],
    ['its Gemfile', () => join(app.path, 'Gemfile'), "is a file, and no Dockerfile; wanted is the app's folder, or a Dockerfile."],
    ['a link to nowhere', () => link('/nowhere'), 'There is no folder'],
    ['a loop of links', () => link('made'), "is a link in a loop; wanted is the app's folder."],
    ['a pipe', () => (fifo(join(app.path, 'made')), join(app.path, 'made')), "is a pipe, socket or device; wanted is the app's folder."],
    ['/dev/zero', () => '/dev/zero', "is a pipe, socket or device; wanted is the app's folder."],
  ])('%s: one clear line and 65', async (_title, make, said) => {
    const { code, stdout, stderr } = await doctor([make()])
    expect([code, stdout]).toEqual([65, ''])
    expect(stderr).toContain(said)
    expect(stderr.split('\n').length).toBeLessThanOrEqual(3)
  })

  test('a folder, file or image that --root can not look into: 65', async () => {
    expect(await doctor(['--root', '/no/root'])).toMatchObject({ code: 65, stderr: 'bezel: There is no folder /no/root to look into.\n' })
    const archive = await doctor(['--root', join(app.path, 'Gemfile')])
    expect(archive).toMatchObject({ code: 65, stderr: expect.stringContaining('is a file; --root wants a folder: unpack it first.') })
    expect(await doctor(['--root', '/', '/no/app'])).toMatchObject({
      code: 65,
      stderr: expect.stringContaining('There is no folder /no/app'),
    })
  })

  function link(target: string): string {
    symlinkSync(target, join(app.path, 'made'))
    return join(app.path, 'made')
  }
})

describe('a lock that', () => {
  const lock = () => join(app.path, 'Gemfile.lock')
  test.each([
    ['is a folder', () => mkdirSync(lock()), 'it is a folder'],
    ['is a pipe', () => fifo(lock()), 'it is a pipe, socket or device'],
    ['leads to /dev/zero', () => symlinkSync('/dev/zero', lock()), 'it is a pipe, socket or device'],
    ['has 50 GB', () => (writeFileSync(lock(), ''), truncateSync(lock(), 50_000_000_000)), 'line 1: '],
    ['holds no text', () => writeFileSync(lock(), Buffer.from([0x47, 0, 0x45, 0xff])), 'line 1: a NUL character'],
  ])('%s is unreadable: 65, and a sentence', async (_title, make, why) => {
    rmSync(lock())
    make()
    const { code, stdout } = await doctor()
    expect(code).toBe(65)
    expect(stdout).toMatch(/^error {2}Gemfile\.lock can not be read: .*LOCK_UNREADABLE\n/)
    expect(stdout).toContain(`seen  ${why}`)
    expect(stdout).toContain('do    Put back a Gemfile.lock that was in use')
  })

  test.each([
    ['leads nowhere', () => symlinkSync('/nowhere', lock()), 'Gemfile.lock is a link that leads nowhere, so'],
    ['leads to itself', () => symlinkSync('Gemfile.lock', lock()), 'Gemfile.lock is a link in a loop, so'],
    ['is empty', () => writeFileSync(lock(), '\n'), 'Gemfile.lock is empty, so'],
  ])('%s is none, as for Bundler', async (_title, make, said) => {
    rmSync(lock())
    make()
    expect((await doctor(['--no-probe'])).stdout).toContain(said)
  })

  test('stands in a merge conflict is told by its line, and restored by what is printed', async () => {
    const git = (...args: string[]) =>
      execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.test', ...args], { cwd: app.path, stdio: 'pipe' })
    git('init', '-q')
    git('add', 'Gemfile', 'Gemfile.lock')
    git('commit', '-qm', 'app')
    const text = readFileSync(lock(), 'utf8')
    writeFileSync(
      lock(),
      text.replace('    tiny_ext (1.2.3)\n', '<<<<<<< HEAD\n    tiny_ext (1.2.3)\n=======\n    tiny_ext (1.2.2)\n>>>>>>> branch\n'),
    )
    const { code, stdout } = await doctor()
    expect(code).toBe(65)
    expect(stdout).toContain('seen  line 4: a merge conflict marker')
    const commands = [...stdout.matchAll(/^ {4}type {2}(.*)$/gm)].map(([, line = '']) => line)
    expect(commands).toEqual(['git checkout HEAD -- Gemfile.lock', 'bundle lock'])
    for (const line of commands) await app.type(line)
    expect(await doctor()).toMatchObject({ code: 0 })
  })
})

describe('a compiled file that', () => {
  const replace = (make: (path: string) => void) => {
    rmSync(app.loaded)
    make(app.loaded)
  }
  const elf = () => readFileSync(app.built)
  test.each([
    ['is a pipe', fifo, 'the file is a pipe, socket or device'],
    ['leads to /dev/zero', (path: string) => symlinkSync('/dev/zero', path), 'the file is a pipe, socket or device'],
    ['ends amid its header', (path: string) => writeFileSync(path, elf().subarray(0, 40)), /^offset \d+: /],
    ['ends amid its tables', (path: string) => writeFileSync(path, elf().subarray(0, 100)), /^offset 64: /],
    ['names tables behind its end', (path: string) => writeFileSync(path, spoiled(elf(), 32, 0x7f)), /^offset \d+: /],
    [
      'holds 3 GB of zeros',
      (path: string) => (writeFileSync(path, ''), truncateSync(path, 3_000_000_000)),
      'the file is nothing but zeros',
    ],
  ] as const)('%s is unreadable: 78, and where', async (_title, make, seen) => {
    replace(make)
    const { verdict, findings } = await told()
    expect(verdict).toBe('incompatible')
    expect(findings[0]?.code).toMatch(/^EXTENSION_(?:UNREADABLE|NO_LIBRARY)$/)
    expect(findings[0]?.evidence[0]).toEqual({ what: seen instanceof RegExp ? expect.stringMatching(seen) : seen, where: app.loaded })
  })

  test.each(['/nowhere.so', 'tiny_ext.so'])('is a link to %s counts as gone, as for Ruby', async (target) => {
    replace((path) => symlinkSync(target, path))
    expect((await told(['--no-probe'])).verdict).toBe('compatible')
    rmSync(app.built)
    symlinkSync(target, app.built)
    const { verdict, findings } = await told(['--no-probe'])
    expect([verdict, findings[0]?.remedy]).toEqual(['incompatible', ['bundle pristine tiny_ext']])
  })

  test('was spoiled anywhere never ends the doctor', async () => {
    const bytes = elf()
    const random = generator(20261125)
    for (let round = 0; round < 6; round += 1) {
      const changed = Buffer.from(bytes)
      for (let at = 0; at < 40; at += 1) changed[Math.floor(random() * bytes.length)] = Math.floor(random() * 256)
      for (let at = 16; at < 64; at += 1) if (random() < 0.2) changed[at] = Math.floor(random() * 256)
      replace((path) => writeFileSync(path, changed))
      await doctor()
    }
  })

  test('is much larger than it need be is not read whole', async () => {
    truncateSync(app.loaded, 100_000_000_000)
    expect((await told(['--no-probe'])).verdict).toBe('compatible')
  })
})

describe('paths', () => {
  test('with spaces, quotes, letters of all alphabets and a command in them are only paths', async () => {
    const name = `ünser "app" $(touch made) 'x' 漢`
    const moved = join(dirname(app.path), name)
    renameSync(app.path, moved)
    rmSync(join(moved, 'vendor/bundle/ruby', readdirSync(join(moved, 'vendor/bundle/ruby'))[0] ?? '', 'cache'), { recursive: true })
    expect((await doctor([], [], moved)).code).toBe(0)
    const gems = join(moved, 'vendor/bundle/ruby', readdirSync(join(moved, 'vendor/bundle/ruby'))[0] ?? '')
    writeFileSync(join(gems, 'gems/tiny_ext-1.2.3/lib/tiny_ext.so'), '')
    expect(await runBezel(['doctor', '--fix', '--yes'], { cwd: moved, env: app.env })).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Mended: compatible.'),
    })
  })

  test('in a loop of folders are walked once', async () => {
    const lib = dirname(app.loaded)
    for (const [name, target] of [
      ['here', '.'],
      ['up', '../..'],
      ['all', '/'],
    ] as const)
      symlinkSync(target, join(lib, name))
    expect((await told(['--no-probe'])).verdict).toBe('compatible')
    rmSync(join(app.path, 'vendor'), { recursive: true })
    symlinkSync('vendor', join(app.path, 'vendor'))
    expect((await told(['--no-probe'])).findings.map(({ code }) => code)).toContain('FILE_UNREADABLE')
  })

  test('print nothing that a terminal would obey', async () => {
    const moved = join(dirname(app.path), 'app\x1b[2J\x07')
    cpSync(app.path, moved, { recursive: true })
    const { stdout } = await doctor(['--no-probe'], [], moved)
    expect(stdout.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u)
  })
})

describe.skipIf(process.getuid?.() !== 0)('for a user who may not read', () => {
  const nobody = 65_534
  const asNobody = ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups']
  beforeEach(() => {
    execFileSync('chmod', ['-R', 'a+rX', dirname(app.path)])
    chownSync(dirname(app.path), nobody, nobody)
  })

  test("the app's folder: one clear line and 65", async () => {
    chmodSync(app.path, 0)
    const { code, stderr } = await doctor([app.path], asNobody, '/')
    expect([code, stderr]).toEqual([65, `bezel: ${app.path} is not readable for this user; wanted is the app's folder.\n`])
  })

  test('the lock: 65', async () => {
    chmodSync(join(app.path, 'Gemfile.lock'), 0)
    const { code, stdout } = await doctor(['--no-probe'], asNobody)
    expect([code, stdout]).toEqual([65, expect.stringContaining('Gemfile.lock can not be read: it is not readable for this user.')])
  })

  test("a gem's file: 78, and what another user's home holds is left out", async () => {
    chmodSync(app.loaded, 0)
    const { findings } = await told(['--no-probe'], asNobody)
    expect(findings[0]).toMatchObject({ code: 'EXTENSION_UNREADABLE', evidence: [{ what: 'the file is not readable for this user' }] })
    expect(JSON.stringify(findings)).not.toContain('"/root')
  })
})

function spoiled(bytes: Buffer, at: number, value: number): Buffer {
  const changed = Buffer.from(bytes)
  changed[at + 3] = value
  return changed
}

/** mulberry32: the same numbers each time. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
