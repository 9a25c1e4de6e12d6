import { BezelError } from '../../errors.ts'

/** A database URL in its parts, decoded. `parameters` are in libpq's key words, whether they stood in the path or in the query. */
export interface DatabaseUrl {
  /** As written: it chooses the adapter of ActiveRecord and Sequel. */
  readonly scheme: string
  readonly parameters: ReadonlyMap<string, string>
}

const grammar = /^([a-z][a-z\d+.-]*):\/\/(?:([^:@/?#]*)(?::([^@/?#]*))?@)?([^/?#@]*)(?:\/([^/?#@]*))?(?:\?([^#]*))?$/i

/**
 * Takes apart a `postgresql://` URL by libpq's grammar (PostgreSQL manual, "Connection URIs"; fe-connect.c, conninfo_uri_parse).
 * Stricter in one thing: no `@` or `/` may stand unencoded behind the host. There it is the rest of a password with
 * an unencoded `/`, which would pass as a database name, and be printed.
 * No part of the URL stands in a message: a password with an unencoded `/` or `?` may end up in any of them.
 * `where` names it, such as `DATABASE_URL`.
 * @throws BezelError CONFIG_INVALID
 */
export function readDatabaseUrl(url: string, where: string): DatabaseUrl {
  const match = grammar.exec(url)
  if (match === null) throw invalidUrl(where, 'is not of the form postgresql://user:password@host:port/database')
  const [, scheme = '', user, password, hosts = '', database, query] = match
  const parameters = new Map<string, string>()
  const put = (key: string, encoded: string | undefined) => {
    if (encoded !== undefined && encoded !== '') parameters.set(key, decode(encoded, where))
  }
  put('user', user)
  put('password', password)
  put('dbname', database)
  const { host, port } = splitHosts(hosts, where)
  put('host', host)
  put('port', port)
  // Later ones win, also over the path, as in libpq.
  for (const pair of query?.split('&').filter((pair) => pair !== '') ?? []) {
    const equals = pair.indexOf('=')
    if (equals < 1) throw invalidUrl(where, 'has a query parameter without "="')
    const key = decode(pair.slice(0, equals), where)
    const value = decode(pair.slice(equals + 1), where)
    if (key === 'ssl' && value === 'true') parameters.set('sslmode', 'require')
    else parameters.set(key, value)
  }
  return { scheme: scheme.toLowerCase(), parameters }
}

/** Of `a:1,b:2` both lists; an address in brackets holds colons of its own. */
function splitHosts(text: string, where: string): { host: string; port: string } {
  const parts = text.split(',').map((part) => {
    const match = /^(\[[\da-f:.%]*\]|[^:[\]]*)(?::(.*))?$/i.exec(part)
    if (match === null) throw invalidUrl(where, 'has a host that is neither a name, an address, nor an IPv6 address in brackets')
    return { host: (match[1] ?? '').replace(/^\[|\]$/g, ''), port: match[2] ?? '' }
  })
  const ports = parts.map(({ port }) => port)
  return { host: parts.map(({ host }) => host).join(','), port: ports.every((port) => port === '') ? '' : ports.join(',') }
}

function decode(text: string, where: string): string {
  let decoded: string
  try {
    decoded = decodeURIComponent(text)
  } catch {
    throw invalidUrl(where, 'has a "%" that is not followed by two hexadecimal digits of UTF-8')
  }
  if (decoded.includes('\0')) throw invalidUrl(where, 'has an encoded NUL')
  return decoded
}

export function invalidUrl(where: string, what: string): BezelError {
  return new BezelError('CONFIG_INVALID', `the database URL in ${where} ${what}`, {
    remedy: ['a user name or password that holds one of / ? # @ : % , must have it percent-encoded (%2F %3F %23 %40 %3A %25 %2C)'],
  })
}
