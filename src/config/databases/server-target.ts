import { isAbsolute, join } from 'node:path'
import type { ServerTarget, SslMode } from '../../gateway/server-link/target.ts'
import { readDatabaseUrl, type DatabaseUrl, invalidUrl } from './database-url.ts'
import { defaultSocketFolders, findPassword, packagedSocketFolder, type LibpqSurroundings } from './libpq-surroundings.ts'

/** The server that a connection string means, or why the gateway must leave it alone. */
export type Targeting = { readonly tag: 'Target'; readonly target: ServerTarget } | { readonly tag: 'Beyond'; readonly why: string }

const sslModes: readonly SslMode[] = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full']

/** Parameters that promise the client something which the gateway doesn't do: then the connection goes direct rather than weaker. */
const beyond = [
  'service',
  'hostaddr',
  'replication',
  'requirepeer',
  'require_auth',
  'sslcrl',
  'sslcrldir',
  'sslcertmode',
  'sslsni',
  'ssl_min_protocol_version',
  'ssl_max_protocol_version',
  'target_session_attrs',
  'load_balance_hosts',
] as const

/**
 * The target of a `postgres://` or `postgresql://` URL, completed from libpq's variables and files.
 * @throws BezelError CONFIG_INVALID when it can't be read; the message holds no part of the URL.
 */
export function parseDatabaseUrl(
  url: string,
  where: string,
  surroundings: LibpqSurroundings,
): { readonly url: DatabaseUrl; readonly targeting: Targeting } {
  const parsed = readDatabaseUrl(url, where)
  return { url: parsed, targeting: toServerTarget(parsed.parameters, where, surroundings) }
}

/**
 * Completes libpq parameters the way libpq does (PostgreSQL manual, "Parameter Key Words", "Environment Variables").
 * @throws BezelError CONFIG_INVALID for a value that libpq would refuse.
 */
export function toServerTarget(given: ReadonlyMap<string, string>, where: string, surroundings: LibpqSurroundings): Targeting {
  const { env, osUser } = surroundings
  const asked = beyond.find((key) => given.has(key))
  if (asked !== undefined) return { tag: 'Beyond', why: `it asks for ${asked}` }
  if (given.get('gssencmode') === 'require' || env['PGGSSENCMODE'] === 'require')
    return { tag: 'Beyond', why: 'it asks for GSS encryption' }
  if (env['PGSERVICE'] !== undefined) return { tag: 'Beyond', why: 'PGSERVICE is set' }

  const get = (key: string, variable: string): string | undefined => given.get(key) ?? (env[variable] === '' ? undefined : env[variable])
  const portText = get('port', 'PGPORT') ?? '5432'
  const host = get('host', 'PGHOST')
  if (host?.includes(',') === true || portText.includes(',')) return { tag: 'Beyond', why: 'it names several hosts' }
  const port = /^\d{1,5}$/.test(portText) ? Number(portText) : 0
  if (port < 1 || port > 65_535) throw invalidUrl(where, 'has a port that is not a number from 1 to 65535')
  const sslmode = sslModes.find((mode) => mode === (get('sslmode', 'PGSSLMODE') ?? 'prefer'))
  if (sslmode === undefined) throw invalidUrl(where, `has an sslmode that is not one of ${sslModes.join(', ')}`)

  const user = get('user', 'PGUSER') ?? osUser
  const login = { host: host ?? defaultHost(port, surroundings), port, user, database: get('dbname', 'PGDATABASE') ?? user }
  return {
    tag: 'Target',
    target: {
      ...login,
      password: get('password', 'PGPASSWORD') ?? findPassword(surroundings, login),
      sslmode,
      ...certificates(get, surroundings),
      ...oneOf(get('sslnegotiation', 'PGSSLNEGOTIATION'), 'sslnegotiation', ['postgres', 'direct'] as const, where),
      ...oneOf(get('channel_binding', 'PGCHANNELBINDING'), 'channelBinding', ['disable', 'prefer', 'require'] as const, where),
      ...present('options', get('options', 'PGOPTIONS')),
    },
  }
}

/**
 * libpq's compiled-in default is a folder that differs by package: the first that holds the server's socket. While the
 * server is down there is none: then Debian's and Red Hat's folder, if the package made it.
 */
function defaultHost(port: number, { exists }: LibpqSurroundings): string {
  const folder = defaultSocketFolders.find((folder) => exists(`${folder}/.s.PGSQL.${port}`))
  return folder ?? (exists(packagedSocketFolder) ? packagedSocketFolder : 'localhost')
}

function certificates(
  get: (key: string, variable: string) => string | undefined,
  { home, folder, exists }: LibpqSurroundings,
): Partial<ServerTarget> {
  const own = (name: string): string | undefined => {
    const path = home === null ? null : join(home, '.postgresql', name)
    return path !== null && exists(path) ? path : undefined
  }
  const absolute = (path: string | undefined): string | undefined =>
    path === undefined || path === 'system' || isAbsolute(path) ? path : join(folder, path)
  return {
    ...present('sslrootcert', absolute(get('sslrootcert', 'PGSSLROOTCERT')) ?? own('root.crt')),
    ...present('sslcert', absolute(get('sslcert', 'PGSSLCERT')) ?? own('postgresql.crt')),
    ...present('sslkey', absolute(get('sslkey', 'PGSSLKEY')) ?? own('postgresql.key')),
    ...present('sslpassword', get('sslpassword', 'PGSSLPASSWORD')),
  }
}

function present<Key extends string>(key: Key, value: string | undefined): { readonly [K in Key]?: string } {
  return value === undefined || value === '' ? {} : ({ [key]: value } as { readonly [K in Key]?: string })
}

function oneOf<Key extends string, Word extends string>(
  value: string | undefined,
  key: Key,
  words: readonly Word[],
  where: string,
): { readonly [K in Key]?: Word } {
  if (value === undefined || value === '') return {}
  const word = words.find((word) => word === value)
  if (word === undefined) throw invalidUrl(where, `has a ${key} that is not one of ${words.join(', ')}`)
  return { [key]: word } as { readonly [K in Key]?: Word }
}
