import type { DatabaseUrl } from './database-url.ts'

/** Parameters that concern the way to the real server, or that the gateway's own connection already has. */
const serverSide =
  /^(host|hostaddr|port|user|password|passfile|dbname|options|ssl.*|gss.*|krbsrvname|requiressl|channel_binding|requirepeer|require_auth|service|servicefile|target_session_attrs|load_balance_hosts|keepalives.*|tcp_user_timeout)$/

/**
 * The URL under which a worker reaches the gateway's socket in `socketDir`: same scheme, user and database; no password, TLS or GSS.
 * The folder stands percent-encoded in the place of the host, because ActiveRecord 6.1 ignores `?host=`. Parameters that are
 * the client library's business (`pool`, `prepared_statements`, `application_name`) are kept.
 */
export function workerDatabaseUrl(
  { scheme, parameters }: DatabaseUrl,
  login: { readonly user: string; readonly database: string },
  socketDir: string,
  port: number,
): string {
  const kept = [...parameters].filter(([key]) => !serverSide.test(key)).map(([key, value]) => `${encode(key)}=${encode(value)}`)
  const query = [...kept, 'sslmode=disable', 'gssencmode=disable'].join('&')
  return `${scheme}://${encode(login.user)}@${encode(socketDir)}:${port}/${encode(login.database)}?${query}`
}

/** Also what `encodeURIComponent` leaves alone but Ruby's URI parser (RFC 2396) refuses or reads otherwise. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
}
