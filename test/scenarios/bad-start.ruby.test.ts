import { once } from 'node:events'
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { findProgram } from '../../src/system/find-program.ts'
import { startBezel } from '../support/bezel-run.ts'

const example = resolve(import.meta.dirname, '../../examples/iodine-pg')
const timeout = 120_000

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp('/tmp/bz-bad-')
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** Starts bezel and waits for its end; it must never open its port. */
async function endOf(folder: string, args: readonly string[], env: NodeJS.ProcessEnv) {
  await using run = await startBezel({ folder, args: ['--host', '127.0.0.1', '--port', '0', ...args], env })
  const { code } = await run.exited
  return { code, output: run.output(), opened: run.facts().some(({ tag }) => tag === 'PortOpened') }
}

/** A command as the app's, in an empty folder. */
async function endOfCommand(script: string, env: NodeJS.ProcessEnv) {
  const quick = { BEZEL_VALIDATION_MODE: 'off', BEZEL_WORKERS_RESTART_WAIT: '10ms', BEZEL_WORKERS_RESTART_WAIT_MOST: '50ms' }
  return endOf(await makeFolder(), ['--workers', '1', '--', 'sh', '-c', script, '{socket}'], { ...quick, ...env })
}

test('without a Ruby it ends with 69 and says where it looked', { timeout }, async () => {
  const bin = join(await makeFolder(), 'bin')
  await mkdir(bin)
  for (const name of ['sh', 'dirname', 'readlink', 'setpriv', 'mkfifo', 'flock']) {
    const program = findProgram(name, process.env['PATH'], '/')
    if (program !== null) await symlink(program, join(bin, name))
  }
  const { code, output, opened } = await endOf(example, [], { PATH: bin })
  expect({ code, opened }).toEqual({ code: 69, opened: false })
  expect(output).toContain(bin)
})

test('a port that is taken ends it with 71, and its holder is named', { timeout }, async () => {
  const holder = createServer().listen(0, '127.0.0.1')
  await once(holder, 'listening')
  onTestFinished(() => void holder.close())
  const address = holder.address()
  const port = String(typeof address === 'object' ? address?.port : address)
  const { code, output, opened } = await endOf(example, ['--port', port], {})
  expect({ code, opened }).toEqual({ code: 71, opened: false })
  expect(output).toContain(port)
  expect(output).toContain(String(process.pid))
})

test('a runtime folder whose sockets would have too long a path ends it before anything starts', { timeout }, async () => {
  const long = join(await makeFolder(), 'x'.repeat(100))
  await mkdir(long)
  const { code, output } = await endOf(example, [], { XDG_RUNTIME_DIR: long })
  expect(code).toBe(65)
  expect(output).toContain('107')
})

test('an app that dies at every boot ends it with 74, and its last words are told', { timeout }, async () => {
  const { code, output, opened } = await endOfCommand('echo "these are the last words" >&2; exit 3', {})
  expect({ code, opened }).toEqual({ code: 74, opened: false })
  expect(output).toContain('these are the last words')
})

test('an app that never listens is killed at the start deadline, and counts as failed', { timeout }, async () => {
  const { code, opened } = await endOfCommand('sleep 86400 & wait', { BEZEL_WORKERS_START_TIMEOUT: '1s', BEZEL_WORKERS_GIVE_UP_AFTER: '2' })
  expect({ code, opened }).toEqual({ code: 74, opened: false })
})

test('a DATABASE_URL that cannot be parsed ends it with 65, and its password is not told', { timeout }, async () => {
  const { code, output, opened } = await endOf(example, [], { DATABASE_URL: 'postgresql://ruby:s3cret-w0rd@[::1:5432/app' })
  expect({ code, opened }).toEqual({ code: 65, opened: false })
  expect(output).toContain('DATABASE_URL')
  expect(output).not.toContain('s3cret-w0rd')
})
