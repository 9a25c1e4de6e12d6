import { execFileSync } from 'node:child_process'

/** Whom PostgreSQL runs as: it refuses to be root. */
export interface Account {
  readonly uid: number
  readonly gid: number
}

/** The account to run PostgreSQL with: our own, or for root the system user `postgres`, made when missing. */
export function postgresAccount(): Account {
  const uid = process.getuid?.()
  const gid = process.getgid?.()
  if (uid === undefined || gid === undefined) throw new Error('PostgreSQL is started on Linux only: this system has no user ids')
  if (uid !== 0) return { uid, gid }
  const number = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))
  try {
    return { uid: number('-u'), gid: number('-g') }
  } catch {
    execFileSync('useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', 'postgres'], {
      stdio: 'ignore',
    })
    return { uid: number('-u'), gid: number('-g') }
  }
}
