import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../src/system/free-port.ts'
import { startLoad } from '../support/load.ts'

const root = resolve(import.meta.dirname, '../..')
const timeout = 120_000

function makeFolder(): string {
  const folder = mkdtempSync('/tmp/bz-sink-')
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Both ends of a real pipe: `read` doesn't block. */
function openPipe(): { read: number; write: number } {
  const path = join(makeFolder(), 'pipe')
  execFileSync('mkfifo', [path])
  const read = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  return { read, write: openSync(path, constants.O_WRONLY) }
}

/** Bezel with standard error on a descriptor (closed here), under a load with its access log on; answers how both ended. */
async function serveInto(write: number, ready: () => void) {
  const runtime = makeFolder()
  const port = await freePort()
  const child = spawn(
    'setpriv',
    ['--pdeathsig', 'TERM', join(root, 'bin/bezel'), 'run', '--host', '127.0.0.1', '--port', String(port), '--workers', '1'],
    {
      cwd: join(root, 'examples/iodine-pg'),
      stdio: ['ignore', write, write],
      env: {
        ...process.env,
        XDG_RUNTIME_DIR: runtime,
        BEZEL_INCIDENTS_FOLDER: join(runtime, 'incidents'),
        BEZEL_LOG_LEVEL: 'debug',
        DATABASE_URL: undefined,
      },
    },
  )
  const exited = once(child, 'exit')
  closeSync(write)
  const origin = `http://127.0.0.1:${port}`
  await expect
    .poll(
      () =>
        fetch(origin)
          .then(({ status }) => status)
          .catch(() => null),
      { timeout: 60_000 },
    )
    .toBe(200)
  ready()
  const load = startLoad({ origin, clients: 8 })
  while (load.report().asked < 5_000) await new Promise((later) => setTimeout(later, 50))
  const report = await load.stop()
  child.kill('SIGTERM')
  const [code] = await exited
  return { failed: report.failed, code }
}

const fine = { failed: 0, code: 0 }

test('a log whose reader has gone changes no request and no exit code', { timeout }, async () => {
  const { read, write } = openPipe()
  const ended = serveInto(write, () => {
    readSync(read, Buffer.alloc(100))
    closeSync(read)
  })
  expect(await ended).toEqual(fine)
})

test('a log that nobody reads changes no request and no exit code', { timeout }, async () => {
  const { read, write } = openPipe()
  const ended = serveInto(write, () => {})
  onTestFinished(() => closeSync(read))
  expect(await ended).toEqual(fine)
})

test('a log on a full disk changes no request and no exit code', { timeout }, async () => {
  expect(await serveInto(openSync('/dev/full', 'w'), () => {})).toEqual(fine)
})
