import { existsSync, readFileSync, statSync } from 'node:fs'
import { homedir, userInfo } from 'node:os'
import { join } from 'node:path'

/** What libpq looks up outside of a connection string. */
export interface LibpqSurroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly osUser: string
  /** Where the password file and `.postgresql/` are; null without a home. */
  readonly home: string | null
  /** Relative paths of certificates mean this folder: the app's. */
  readonly folder: string
  readonly exists: (path: string) => boolean
  /** Null when it can't be read, or when others may read it: libpq ignores such a password file. */
  readonly readPrivate: (path: string) => string | null
}

export function systemSurroundings(env: LibpqSurroundings['env'], folder: string): LibpqSurroundings {
  return {
    env,
    osUser: systemUser(),
    home: env['HOME'] ?? homedir(),
    folder,
    exists: existsSync,
    readPrivate(path) {
      try {
        const { mode, size } = statSync(path)
        return (mode & 0o077) === 0 && size <= 1_048_576 ? readFileSync(path, 'utf8') : null
      } catch {
        return null
      }
    },
  }
}

/** In a container the user id may have no name. */
function systemUser(): string {
  try {
    return userInfo().username
  } catch {
    return 'postgres'
  }
}

/** The first matching line's password (PostgreSQL manual, "The Password File"). A folder as host is looked up as `localhost` when it is the default one. */
export function findPassword(
  { env, home, readPrivate }: LibpqSurroundings,
  login: { readonly host: string; readonly port: number; readonly database: string; readonly user: string },
): string | null {
  const path = env['PGPASSFILE'] ?? (home === null ? null : join(home, '.pgpass'))
  const text = path === null ? null : readPrivate(path)
  if (text === null) return null
  const hosts = defaultSocketFolders.includes(login.host) ? [login.host, 'localhost'] : [login.host]
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith('#')) continue
    const fields = line.match(/(?:\\.|[^:\\])*(?::|$)/g)?.map((field) => field.replace(/:$/, '').replace(/\\(.)/g, '$1')) ?? []
    const [host, port, database, user, password] = fields
    if (password === undefined || !(host === '*' || hosts.includes(host ?? ''))) continue
    if ([port, database, user].every((field, index) => field === '*' || field === [String(login.port), login.database, login.user][index]))
      return password
  }
  return null
}

export const packagedSocketFolder = '/var/run/postgresql'

/** Where servers put their socket by default: Debian's and Red Hat's packages, and PostgreSQL's own build. */
export const defaultSocketFolders: readonly string[] = [packagedSocketFolder, '/tmp']
