import { execFile, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { BezelEvent } from '../../src/events.ts'
import { FactLog, type FactOf } from './fact-log.ts'

export interface BezelRunOptions {
  /** The app's folder. */
  readonly folder: string
  /** What stands behind `bezel run`. */
  readonly args: readonly string[]
  /** Added to this process's environment; undefined removes. */
  readonly env: NodeJS.ProcessEnv
}

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A `bezel run` of its own: own runtime folder, own incidents, facts read from its log. */
export interface BezelRun extends AsyncDisposable {
  /** The keeper's process id. */
  readonly pid: number
  readonly exited: Promise<Exit>
  /** Where it keeps its incidents. */
  readonly incidentsFolder: string
  /** What it told so far, oldest first. */
  facts(): readonly BezelEvent[]
  /** The first fact of that kind that matches, of all told and to come. Rejects at the deadline, or when bezel ends without it. */
  fact<Tag extends BezelEvent['tag']>(tag: Tag, matches?: (fact: FactOf<Tag>) => boolean, withinMs?: number): Promise<FactOf<Tag>>
  /** The end of what it wrote, at most 64 KB. */
  output(): string
  /** Another bezel command, in the same folder and environment. */
  command(args: readonly string[]): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>
  /** Sends the signal and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<Exit>
  /** The same with SIGTERM; rejects, with the end of the log, unless the exit code is 0. */
  stopCleanly(): Promise<void>
}

const bezel = resolve(import.meta.dirname, '../../bin/bezel')
const factTimeoutMs = 90_000
const commandTimeoutMs = 60_000
/** Longer than bezel's own shutdown deadline. */
const stopTimeoutMs = 60_000

export async function startBezel({ folder, args, env }: BezelRunOptions): Promise<BezelRun> {
  // Short: sockets lie below it, and their paths may have 107 bytes.
  const own = await mkdtemp('/tmp/bz-run-')
  const incidentsFolder = join(own, 'incidents')
  const environment = {
    ...process.env,
    XDG_RUNTIME_DIR: own,
    BEZEL_INCIDENTS_FOLDER: incidentsFolder,
    BEZEL_LOG_FORMAT: 'json',
    BEZEL_LOG_LEVEL: 'debug',
    BEZEL_FRONT_DOOR_ACCESS_LOG: 'off',
    ...env,
  }
  // It ends with us, however we end.
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', bezel, 'run', ...args], {
    cwd: folder,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const log = new FactLog()
  child.stdout.on('data', (chunk: Buffer) => log.write(chunk))
  child.stderr.on('data', (chunk: Buffer) => log.write(chunk))
  const exited = new Promise<Exit>((done, fail) => {
    child.once('error', fail)
    child.once('close', (code, signal) => {
      log.end()
      done({ code, signal })
    })
  })

  const stop = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<Exit> => {
    child.kill(signal)
    const late = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs)
    const exit = await exited
    clearTimeout(late)
    return exit
  }

  return {
    pid: child.pid ?? -1,
    exited,
    incidentsFolder,
    facts: () => log.facts(),
    fact: (tag, matches = () => true, withinMs = factTimeoutMs) => log.wait(tag, matches, withinMs),
    output: () => log.tail(),
    command: (words) =>
      new Promise((done) => {
        execFile(
          bezel,
          [...words],
          { cwd: folder, env: environment, timeout: commandTimeoutMs, maxBuffer: 64 * 2 ** 20 },
          (error, stdout, stderr) => done({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : 1, stdout, stderr }),
        )
      }),
    stop,
    async stopCleanly() {
      const { code, signal } = await stop()
      if (code !== 0) throw new Error(`bezel ended with ${code ?? signal} when asked to stop:\n${log.tail().slice(-8_000)}`)
    },
    async [Symbol.asyncDispose]() {
      await stop()
      await rm(own, { recursive: true, force: true })
    },
  }
}
