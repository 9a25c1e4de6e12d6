/** How much TLS a connection wants, as libpq means it (PostgreSQL manual, "SSL Support", table "SSL Mode Descriptions"). */
export type SslMode = 'disable' | 'allow' | 'prefer' | 'require' | 'verify-ca' | 'verify-full'

/**
 * One PostgreSQL server and one login there: plain data, complete, in libpq's own words
 * (PostgreSQL manual, "Parameter Key Words"). Unlike libpq nothing is looked up in the environment,
 * in `~/.postgresql` or in a password file: whoever reads the configuration does that.
 */
export interface ServerTarget {
  /** Host name, IP address without brackets, or the absolute path of a folder that holds the server's Unix socket. */
  readonly host: string
  /** TCP port; for a Unix socket the number in its name, `.s.PGSQL.5432`. */
  readonly port: number
  readonly user: string
  /** Null: none is known; a server that asks for one is then an authentication failure. */
  readonly password: string | null
  readonly database: string
  /** Ignored on a Unix socket, as libpq does. */
  readonly sslmode: SslMode
  /** Path of a PEM file with trusted certificates, or `system` for those that Node trusts; `system` wants `verify-full`. */
  readonly sslrootcert?: string
  /** Path of the client's PEM certificate, and of its PEM key. */
  readonly sslcert?: string
  readonly sslkey?: string
  /** Passphrase of the key. */
  readonly sslpassword?: string
  /** `direct`: TLS from the first byte (PostgreSQL 17 and later), wants `require` or stricter. Default: `postgres`. */
  readonly sslnegotiation?: 'postgres' | 'direct'
  /** Whether SCRAM must be, may be, or must not be bound to the TLS channel. Default: `prefer`. */
  readonly channelBinding?: 'disable' | 'prefer' | 'require'
  /** Command-line options for the session, `-c search_path=app`. */
  readonly options?: string
}

/** Path of the Unix socket of a target whose host is a folder; null for TCP. */
export function unixSocketPath({ host, port }: Pick<ServerTarget, 'host' | 'port'>): string | null {
  return host.startsWith('/') ? `${host.replace(/\/+$/, '')}/.s.PGSQL.${port}` : null
}
