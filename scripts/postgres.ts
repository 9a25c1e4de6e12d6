import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { access, chmod, chown, mkdir, open, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { postgresAccount } from './postgres/account.ts'
import { asChild, postgresBinaries } from './postgres/binaries.ts'
import { freePort } from '../src/system/free-port.ts'

const run = promisify(execFile)

export type PostgresAuth = 'scram-sha-256' | 'md5' | 'password' | 'trust'

export interface ClusterSettings {
  /** Absolute, short (it holds the Unix socket: 107 bytes), no parent closed to others. Made when missing. Everything lies in it. */
  readonly folder: string
  /** A major version of Debian's packages; null: the one from npm. */
  readonly version: number | null
  /** Null: a free one, kept over restarts. */
  readonly port: number | null
  readonly superuser: string
  readonly password: string
  readonly auth: PostgresAuth
  /** Lines of pg_hba.conf instead of those that `auth` makes. */
  readonly hba: readonly string[] | null
  /** Lines of postgresql.conf besides our own. */
  readonly configuration: Readonly<Record<string, string>>
  /** Progress, for people. */
  say(line: string): void
}

export interface Cluster {
  readonly port: number
  readonly socketDir: string
  /** Process id of the postmaster; null while stopped. */
  readonly pid: number | null
  start(): Promise<void>
  /** `fast` rolls transactions back and checkpoints (SIGINT); `immediate` is a crash that recovers at the next start (SIGQUIT). */
  stop(how: 'fast' | 'immediate'): Promise<void>
}

const startTimeoutMs = 60_000
const stopTimeoutMs = 30_000

/** Makes a database cluster in a folder, unless one is there. It is not started. It ends when this process does. */
export async function prepareCluster(settings: ClusterSettings): Promise<Cluster> {
  const account = postgresAccount()
  const bin = await postgresBinaries(settings.version, account)
  const { folder } = settings
  const data = join(folder, 'data')
  await mkdir(folder, { recursive: true })
  if (process.getuid?.() === 0) await chown(folder, account.uid, account.gid)
  await chmod(folder, 0o755)
  const there = await access(join(data, 'PG_VERSION')).then(
    () => true,
    () => false,
  )
  if (!there) {
    settings.say('making a database cluster')
    await initialise(bin, data, settings, asChild(account))
  }

  let port = settings.port ?? (await freePort())
  let child: ChildProcess | null = null

  const launch = async (): Promise<void> => {
    await writeFile(join(data, 'postgresql.conf'), configurationText(settings, port))
    const log = await open(join(folder, 'postgres.log'), 'w')
    // Its parent-death signal is a fast shutdown: nothing is left when whoever started it is killed.
    const started = spawn('setpriv', ['--pdeathsig', 'INT', join(bin, 'postgres'), '-D', data], {
      ...asChild(account),
      cwd: folder,
      stdio: ['ignore', log.fd, log.fd],
      env: { LC_ALL: 'C', TZ: 'UTC', PATH: process.env['PATH'] },
    })
    await Promise.all([once(started, 'spawn'), log.close()])
    try {
      await ready(started, data)
      child = started
    } catch (error) {
      started.kill('SIGKILL')
      const lines = await readFile(join(folder, 'postgres.log'), 'utf8').catch(() => '')
      throw new Error(`PostgreSQL did not start: ${error instanceof Error ? error.message : String(error)}\n${lines.slice(-2_000)}`, {
        cause: error,
      })
    }
  }

  return {
    get port() {
      return port
    },
    socketDir: folder,
    get pid() {
      return child?.pid ?? null
    },
    async start() {
      if (child !== null) return
      settings.say('starting PostgreSQL')
      for (let attempt = 1; ; attempt += 1)
        try {
          await launch()
          break
        } catch (error) {
          // Another process may have taken the free port in between.
          const taken = error instanceof Error && error.message.includes('could not bind')
          if (settings.port !== null || attempt === 5 || !taken) throw error
          port = await freePort()
        }
      settings.say(`PostgreSQL is ready on port ${port}`)
    },
    async stop(how) {
      const running = child
      if (running === null) return
      child = null
      if (running.exitCode !== null || running.signalCode !== null) return
      const exited = once(running, 'exit')
      running.kill(how === 'fast' ? 'SIGINT' : 'SIGQUIT')
      const late = setTimeout(() => running.kill('SIGKILL'), stopTimeoutMs)
      await exited
      clearTimeout(late)
      settings.say('PostgreSQL is stopped')
    },
  }
}

async function initialise(
  bin: string,
  data: string,
  { folder, superuser, password, auth, hba }: ClusterSettings,
  child: { uid?: number; gid?: number },
) {
  const passwordFile = join(folder, 'initial-password')
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 })
  if (child.uid !== undefined && child.gid !== undefined) await chown(passwordFile, child.uid, child.gid)
  const settings = [`--auth-host=${auth}`, `--auth-local=${auth}`, `--pwfile=${passwordFile}`, `--username=${superuser}`]
  try {
    await run(join(bin, 'initdb'), ['-D', data, '-E', 'UTF8', '--locale=C', '--no-sync', ...settings], { ...child, cwd: folder })
    if (hba !== null) await writeFile(join(data, 'pg_hba.conf'), `${hba.join('\n')}\n`)
  } catch (error) {
    await rm(data, { recursive: true, force: true })
    throw error
  } finally {
    await rm(passwordFile, { force: true })
  }
}

function configurationText({ folder, auth, configuration }: ClusterSettings, port: number): string {
  const lines: Record<string, string> = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: folder,
    password_encryption: auth === 'md5' ? 'md5' : 'scram-sha-256',
    fsync: 'off',
    full_page_writes: 'off',
    synchronous_commit: 'off',
    shared_buffers: '16MB',
    timezone: 'UTC',
    log_timezone: 'UTC',
    ...configuration,
  }
  return Object.entries(lines)
    .map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'\n`)
    .join('')
}

/** Line 8 of postmaster.pid says what the postmaster is doing (PostgreSQL source, `src/include/utils/pidfile.h`). */
async function ready(child: ChildProcess, data: string): Promise<void> {
  const deadlineMs = performance.now() + startTimeoutMs
  while (performance.now() < deadlineMs) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`it ended with ${child.signalCode ?? child.exitCode}`)
    const lines = (await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n')
    if (Number(lines[0]) === child.pid && lines[7]?.trim() === 'ready') return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`it was not ready after ${startTimeoutMs} ms`)
}
