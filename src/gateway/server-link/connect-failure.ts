/** What is being waited for. */
export type ConnectStage = 'connect' | 'tls' | 'authentication' | 'start-up'

/** Why there is no connection to a server. Texts never hold a password. */
export type ConnectFailure =
  /** No connection, or it ended during start-up. `errno` is the system's name (`ECONNREFUSED`); null for an end of file. */
  | { readonly tag: 'Unreachable'; readonly errno: string | null; readonly text: string }
  /** The server answered with an ErrorResponse. `bytes` is that whole message, to be relayed as it is. */
  | { readonly tag: 'Refused'; readonly sqlstate: string; readonly text: string; readonly bytes: Buffer }
  /** TLS was wanted and is not to be had: no TLS on the other side, a certificate that does not verify, an unreadable key file. */
  | { readonly tag: 'Tls'; readonly text: string }
  | { readonly tag: 'Timeout'; readonly afterMs: number; readonly stage: ConnectStage }
  /** The other side does not speak this protocol, asks for a way to authenticate that is not supported, or proved not to know the password. */
  | { readonly tag: 'Protocol'; readonly text: string }

/** Carries a failure up to where it becomes a value again; never leaves this folder. */
export class ConnectFailed extends Error {
  readonly failure: ConnectFailure

  constructor(failure: ConnectFailure) {
    super(failure.tag)
    this.failure = failure
  }
}

export function protocolFailure(text: string): ConnectFailed {
  return new ConnectFailed({ tag: 'Protocol', text })
}

export function tlsFailure(text: string): ConnectFailed {
  return new ConnectFailed({ tag: 'Tls', text })
}

/** What was thrown, as a value. */
export function toConnectFailure(error: unknown): ConnectFailure {
  if (error instanceof ConnectFailed) return error.failure
  const text = error instanceof Error ? error.message : String(error)
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null
  // OpenSSL's alerts come late: with TLS 1.3 a refused client certificate shows at the first read.
  if (code?.startsWith('ERR_SSL') || code?.startsWith('ERR_TLS')) return { tag: 'Tls', text }
  // An AggregateError of several addresses has no message.
  return code === null ? { tag: 'Protocol', text } : { tag: 'Unreachable', errno: code, text: text === '' ? code : text }
}
