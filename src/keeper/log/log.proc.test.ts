import { execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'

const here = import.meta.dirname

/** Logs ten thousand lines, then waits for SIGTERM, closes the log and ends with 7. */
const script = `
  import { createLineSink } from ${JSON.stringify(resolve(here, '../../system/line-sink.ts'))}
  import { systemClock } from ${JSON.stringify(resolve(here, '../../system/clock.ts'))}
  import { createLog } from ${JSON.stringify(resolve(here, 'log.ts'))}
  const sink = createLineSink(2, { maxBufferedBytes: 1_000_000, maxLineBytes: 4_096, clock: systemClock })
  const log = createLog({ sink, fd: 2, format: 'json', colour: false, level: 'info', now: () => new Date() })
  const stay = setInterval(() => {}, 1_000)
  const end = async () => {
    clearInterval(stay)
    await log.close(300)
    process.exit(7)
  }
  process.on('SIGTERM', end)
  for (let n = 0; n < 10_000; n++) {
    log.message('info', 'line ' + n + ' ' + 'x'.repeat(100))
    if (n % 100 === 0) await new Promise(setImmediate)
  }
  process.stdout.write('logged\\n', () => { if (process.argv[1] === 'end') void end() })
`
/** Runs it in a shell with standard error behind `redirect`; answers its exit code as the shell prints it. */
function inShell(redirect: string): Promise<string> {
  const command = `exec 3>&1; { "$NODE" --input-type=module -e "$SCRIPT" end 2>&1 >/dev/null; echo "code $?" >&3; } ${redirect}`
  const env = { ...process.env, NODE: process.execPath, SCRIPT: script }
  return new Promise((done) => {
    execFile('sh', ['-c', command], { env, timeout: 60_000 }, (_error, stdout) => done(stdout))
  })
}

/** Starts it, waits until all is logged, sends SIGTERM; answers its exit code. */
async function terminate(stderr: 'pipe' | number): Promise<number | null> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', stderr] })
  child.stderr?.pause()
  const exited = once(child, 'exit')
  await once(child.stdout ?? child, 'data')
  child.kill('SIGTERM')
  const [code] = (await exited) as [number | null]
  child.stderr?.destroy()
  return code
}

describe('a destination that fails changes neither the exit code nor the end', () => {
  test('closed by its reader', async () => {
    expect(await inShell('| head -1 >/dev/null')).toBe('code 7\n')
  })

  test('full', async () => {
    expect(await inShell('>/dev/full')).toBe('code 7\n')
  })

  test('a socket that is never read', async () => {
    expect(await terminate('pipe')).toBe(7)
  })

  test('a pipe that is never read', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bezel-log-'))
    execFileSync('mkfifo', [join(folder, 'fifo')])
    const reader = openSync(join(folder, 'fifo'), constants.O_RDONLY | constants.O_NONBLOCK)
    const writer = openSync(join(folder, 'fifo'), constants.O_WRONLY)
    try {
      expect(await terminate(writer)).toBe(7)
    } finally {
      closeSync(reader)
      closeSync(writer)
      rmSync(folder, { recursive: true })
    }
  })
})
