/** Why there is no connection to a server. Texts never hold a password. */
export type ConnectFailure =
  /** No connection, or it ended during start-up. `errno` is the system's name (`ECONNREFUSED`); null for an end of file. */
  | { readonly tag: 'Unreachable'; readonly errno: string | null; readonly text: string }
  /** The server answered with an ErrorResponse. `bytes` is that whole message, to be relayed as it is. */
  | { readonly tag: 'Refused'; readonly sqlstate: string; readonly text: string; readonly bytes: Buffer }
  /** TLS was wanted and is not to be had: no TLS on the other side, a certificate that does not verify, an unreadable key file. */
  | { readonly tag: 'Tls'; readonly text: string }
  /** `stage` is what was being waited for. */
  | { readonly tag: 'Timeout'; readonly afterMs: number; readonly stage: 'connect' | 'tls' | 'authentication' | 'start-up' }
  /** The other side does not speak this protocol, asks for a way to authenticate that is not supported, or proved not to know the password. */
  | { readonly tag: 'Protocol'; readonly text: string }
