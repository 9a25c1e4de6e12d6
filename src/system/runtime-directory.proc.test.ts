import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { watchLeaks } from '../../test/support/leaks.ts'
import { BezelError } from '../errors.ts'
import { openRuntimeDirectory, type RuntimePlaces } from './runtime-directory.ts'

watchLeaks()

let folder = ''
let places: RuntimePlaces
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bzl-'))
  for (const name of ['app', 'run', 'tmp', 'xdg']) mkdirSync(join(folder, name))
  places = { environment: {}, systemRun: join(folder, 'run'), temporary: join(folder, 'tmp') }
})
afterEach(() => rmSync(folder, { recursive: true }))

function codeOf(call: () => unknown): string {
  try {
    call()
  } catch (error) {
    if (error instanceof BezelError) return error.code
    throw error
  }
  return 'none'
}

test('takes the session folder, else /run, else the temporary folder, and makes it private', () => {
  const app = join(folder, 'app')
  const session = openRuntimeDirectory(app, { ...places, environment: { XDG_RUNTIME_DIR: join(folder, 'xdg') } })
  expect(session.path.startsWith(join(folder, 'xdg/bezel/'))).toBe(true)
  expect(statSync(session.path).mode & 0o777).toBe(0o700)
  const system = openRuntimeDirectory(app, places)
  expect(system.path.startsWith(join(folder, 'run/bezel/'))).toBe(true)
  const temporary = openRuntimeDirectory(app, { ...places, systemRun: join(folder, 'missing') })
  expect(temporary.path.startsWith(join(folder, 'tmp', `bezel-${process.getuid!()}`))).toBe(true)
  for (const directory of [session, system, temporary]) directory.release()
})

test('one bezel an app, by its real path; others run beside it', () => {
  symlinkSync(join(folder, 'app'), join(folder, 'alias'))
  const first = openRuntimeDirectory(join(folder, 'app'), places)
  expect(codeOf(() => openRuntimeDirectory(join(folder, 'alias'), places))).toBe('ALREADY_RUNNING')
  const other = openRuntimeDirectory(join(folder, 'xdg'), places)
  other.release()
  first.release()
  first.release()
  openRuntimeDirectory(join(folder, 'alias'), places).release()
})

test('says who runs, and the lock goes with its holder, however it ends', async () => {
  const script = `
    const { openRuntimeDirectory } = await import(${JSON.stringify(join(import.meta.dirname, 'runtime-directory.ts'))})
    openRuntimeDirectory(${JSON.stringify(join(folder, 'app'))}, ${JSON.stringify(places)})
    process.stdout.write('locked')
    setInterval(() => {}, 1000)`
  const holder = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(holder.stdout, 'data')
  expect(() => openRuntimeDirectory(join(folder, 'app'), places)).toThrow(
    expect.objectContaining({
      message: expect.stringContaining(`(pid ${holder.pid})`),
      remedy: [`bezel status --app ${join(folder, 'app')}`, expect.stringMatching(/^SIGUSR1 to its pid/)],
    }),
  )
  holder.kill('SIGKILL')
  await once(holder, 'exit')
  openRuntimeDirectory(join(folder, 'app'), places).release()
})

test('a path too long for a socket is refused before anything starts', () => {
  const deep = join(folder, 'x'.repeat(80))
  mkdirSync(deep)
  expect(codeOf(() => openRuntimeDirectory(folder, { ...places, environment: { XDG_RUNTIME_DIR: deep } }))).toBe('SOCKET_PATH_TOO_LONG')
  const directory = openRuntimeDirectory(folder, places)
  expect(codeOf(() => directory.socketPath('x'.repeat(90)))).toBe('SOCKET_PATH_TOO_LONG')
  expect(directory.socketPath('w1.sock')).toBe(join(directory.path, 'w1.sock'))
  directory.release()
})

test('a link or a file that someone put in its place is refused', () => {
  const shared = join(folder, 'tmp', `bezel-${process.getuid!()}`)
  const nowhere = { ...places, systemRun: join(folder, 'missing') }
  symlinkSync(join(folder, 'xdg'), shared)
  expect(codeOf(() => openRuntimeDirectory(folder, nowhere))).toBe('SYSTEM_REFUSED')
  rmSync(shared)
  writeFileSync(shared, '')
  expect(codeOf(() => openRuntimeDirectory(folder, nowhere))).toBe('SYSTEM_REFUSED')
})

test('a folder that others could read is closed to them', () => {
  mkdirSync(join(folder, 'run/bezel'))
  chmodSync(join(folder, 'run/bezel'), 0o777)
  const directory = openRuntimeDirectory(folder, places)
  expect(statSync(join(folder, 'run/bezel')).mode & 0o777).toBe(0o700)
  directory.release()
})
