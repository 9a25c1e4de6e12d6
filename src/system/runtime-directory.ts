import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, closeSync, ftruncateSync, lstatSync, mkdirSync, openSync, readFileSync, realpathSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { BezelError } from '../errors.ts'
import { quoteWord } from '../formats/shell-words/quote-word.ts'

/** `sun_path` holds 108 bytes with its NUL (unix(7)). */
export const maxSocketPathBytes = 107

/** Room kept below the directory for the longest name: `g1234567/.s.PGSQL.65535`, `w64-1234567.sock`. */
const longestNameBytes = 24

const lockName = 'lock'
const validationName = 'validation.json'
const incidentsName = 'incidents'

/** What outlives a bezel in its runtime directory. */
export const lastingNames: readonly string[] = [lockName, validationName, incidentsName]

/** Where one app's sockets, lock and record of process groups live: mode 0700, and short. */
export interface RuntimeDirectory {
  readonly path: string
  /** What was validated, for the next start; may be absent. */
  readonly validationFile: string
  /** For incidents while their own folder can't be written; may be absent. */
  readonly incidentsFolder: string
  /**
   * The absolute path of a socket in it.
   * @throws BezelError SOCKET_PATH_TOO_LONG
   */
  socketPath(name: string): string
  /** Gives the lock up; the directory stays. Idempotent. */
  release(): void
}

export interface RuntimePlaces {
  readonly environment: NodeJS.ProcessEnv
  readonly systemRun: string
  readonly temporary: string
}

/**
 * Opens and locks the runtime directory of the app in `appDir`: under `$XDG_RUNTIME_DIR/bezel`, else `/run/bezel`, else the
 * temporary folder. One bezel an app (its real path): the kernel holds the lock and drops it when this process ends, however it ends.
 *
 * @throws BezelError ALREADY_RUNNING with the holder's pid · SOCKET_PATH_TOO_LONG · SYSTEM_REFUSED · TOOL_NOT_FOUND (flock)
 */
export function openRuntimeDirectory(appDir: string, places: RuntimePlaces = systemPlaces()): RuntimeDirectory {
  const app = realpathSync(appDir)
  const base = openBase(places)
  const path = join(base, createHash('sha256').update(app).digest('hex').slice(0, 10))
  checkSocketPath(join(path, 'x'.repeat(longestNameBytes)))
  makePrivate(path)
  const fd = lock(join(path, lockName), app)
  let isHeld = true
  return {
    path,
    validationFile: join(path, validationName),
    incidentsFolder: incidentsFolderIn(path),
    socketPath: (name) => checkSocketPath(join(path, name)),
    release: () => {
      if (isHeld) closeSync(fd)
      isHeld = false
    },
  }
}

export function incidentsFolderIn(runtimeDirectory: string): string {
  return join(runtimeDirectory, incidentsName)
}

/** Where runtime directories lie, the one that is tried first first. */
export function runtimeBases({ environment, systemRun, temporary }: RuntimePlaces = systemPlaces()): readonly [...string[], string] {
  const session = environment['XDG_RUNTIME_DIR']
  const own = session === undefined || session === '' ? [] : [join(session, 'bezel')]
  return [...own, join(systemRun, 'bezel'), join(temporary, `bezel-${process.getuid?.() ?? 0}`)]
}

function systemPlaces(): RuntimePlaces {
  return { environment: process.env, systemRun: '/run', temporary: tmpdir() }
}

function openBase(places: RuntimePlaces): string {
  const bases = runtimeBases(places)
  const open = bases.slice(0, -1).find((base) => tryPrivate(base) === null)
  if (open !== undefined) return open
  const [last] = bases.slice(-1) as [string]
  makePrivate(last)
  return last
}

function makePrivate(path: string): void {
  const refusal = tryPrivate(path)
  if (refusal === null) return
  throw new BezelError('SYSTEM_REFUSED', `${path} can't hold bezel's sockets: ${refusal}`, {
    remedy: ['Set XDG_RUNTIME_DIR to a short folder that only this user can write to.'],
  })
}

/** Null when `path` is now a directory of this user with mode 0700; else what speaks against it. */
function tryPrivate(path: string): string | null {
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return (error as Error).message
  }
  try {
    // Not followed: in a shared folder anyone may have put a link there first.
    const stat = lstatSync(path)
    if (!stat.isDirectory()) return 'it is not a directory'
    if (stat.uid !== process.getuid?.()) return `it belongs to user ${stat.uid}`
    chmodSync(path, 0o700)
    return null
  } catch (error) {
    return (error as Error).message
  }
}

/** @throws BezelError SOCKET_PATH_TOO_LONG */
export function checkSocketPath(path: string): string {
  const bytes = Buffer.byteLength(path)
  if (bytes <= maxSocketPathBytes) return path
  throw new BezelError('SOCKET_PATH_TOO_LONG', `${path} has ${bytes} bytes; a socket's path may have ${maxSocketPathBytes}`, {
    remedy: ['Set XDG_RUNTIME_DIR to a shorter folder, for example: export XDG_RUNTIME_DIR=/tmp'],
  })
}

/** flock(1) locks the open file that it inherits, so the lock stays with our descriptor when flock has ended (flock(2)). */
function lock(path: string, app: string): number {
  const fd = openSync(path, 'a+', 0o600)
  const { status, error } = spawnSync('flock', ['-n', '-x', '3'], { stdio: ['ignore', 'ignore', 'ignore', fd], timeout: 10_000 })
  if (status === 0) {
    ftruncateSync(fd, 0)
    writeSync(fd, JSON.stringify({ pid: process.pid, app }))
    return fd
  }
  const holder = readLock(dirname(path))?.pid ?? null
  closeSync(fd)
  if (error !== undefined)
    throw new BezelError('TOOL_NOT_FOUND', `flock can't be run: ${error.message}`, { remedy: ['apt-get install util-linux'], cause: error })
  if (holder === process.pid) throw new BezelError('ALREADY_RUNNING', `this process already holds up ${app}`)
  throw new BezelError('ALREADY_RUNNING', `bezel already holds up ${app}${holder === null ? '' : ` (pid ${holder})`}`, {
    remedy: [`bezel status --app ${quoteWord(app)}`, 'SIGUSR1 to its pid replaces the workers one by one; SIGTERM stops the app'],
  })
}

/** Who holds a lock, as it was written: null when it can't be read, or isn't one. */
export function readLock(directory: string): { readonly pid: number; readonly app: string } | null {
  try {
    const { pid, app } = JSON.parse(readFileSync(join(directory, lockName), 'utf8')) as { pid?: unknown; app?: unknown }
    return typeof pid === 'number' && typeof app === 'string' ? { pid, app } : null
  } catch {
    return null
  }
}
