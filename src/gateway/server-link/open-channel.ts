import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls, type ConnectionOptions } from 'node:tls'
import { sslRequest } from '../../formats/pgwire/client-messages.ts'
import type { Attempt } from './attempt.ts'
import { ConnectFailed, protocolFailure, tlsFailure, toConnectFailure } from './connect-failure.ts'
import { StartReader } from './start-reader.ts'
import { unixSocketPath, type ServerTarget } from './target.ts'
import { tlsOptions } from './tls-options.ts'

/** How to open one connection: without TLS; with it if the server offers it; with it or not at all. */
export type Encryption = 'plain' | 'tls-if-offered' | 'tls'

/** After this long in silence the kernel asks whether the server's host is still there. */
const keepAliveIdleMs = 60_000

const answers = { yes: 0x53, no: 0x4e, error: 0x45 } as const

/** A connected and, where wanted, encrypted socket. Its listeners are ours no longer; it is paused. */
export async function openChannel(target: ServerTarget, encryption: Encryption, attempt: Attempt): Promise<Socket> {
  attempt.stage = 'connect'
  const path = unixSocketPath(target)
  // Node tries a host's addresses in turn; 0x7fffffff ms for each leaves the only deadline to the attempt's.
  const perAddressMs = 2 ** 31 - 1
  const socket =
    path === null
      ? connectTcp({ host: target.host, port: target.port, autoSelectFamily: true, autoSelectFamilyAttemptTimeout: perAddressMs })
      : connectTcp({ path })
  attempt.hold(socket)
  await once(socket, 'connect')
  if (path === null) {
    socket.setNoDelay(true)
    socket.setKeepAlive(true, keepAliveIdleMs)
  }
  if (encryption === 'plain') return socket
  attempt.stage = 'tls'
  const options = await tlsOptions(target)
  if (target.sslnegotiation !== 'direct') {
    const offered = await askForTls(socket)
    if (!offered && encryption === 'tls-if-offered') return socket
    if (!offered) throw tlsFailure(`the server does not support TLS, but sslmode=${target.sslmode} wants it`)
  }
  return encrypt(socket, options, target, attempt)
}

async function askForTls(socket: Socket): Promise<boolean> {
  const reader = new StartReader(socket)
  try {
    socket.write(sslRequest)
    const answer = await reader.readSslAnswer()
    if (answer === answers.yes) return true
    if (answer === answers.no) return false
    // An error from before the encryption may be anybody's: its text is not to be shown (CVE-2024-10977).
    if (answer === answers.error) throw tlsFailure('the server answered SSLRequest with an error')
    throw protocolFailure('the server did not answer SSLRequest as PostgreSQL does')
  } catch (error) {
    const failure = toConnectFailure(error)
    throw failure.tag === 'Unreachable' ? tlsFailure(`the connection ended at SSLRequest: ${failure.text}`) : new ConnectFailed(failure)
  } finally {
    reader.release()
  }
}

async function encrypt(socket: Socket, options: ConnectionOptions, target: ServerTarget, attempt: Attempt): Promise<Socket> {
  const secure = connectTls({ ...options, socket })
  attempt.hold(secure, true)
  try {
    await once(secure, 'secureConnect')
  } catch (error) {
    throw tlsFailure(error instanceof Error ? error.message : String(error))
  }
  // Without ALPN a direct connection could be made to a server of another protocol (PostgreSQL manual, "SSL Session Encryption").
  if (target.sslnegotiation === 'direct' && secure.alpnProtocol !== 'postgresql')
    throw tlsFailure('the server does not agree to ALPN postgresql')
  secure.pause()
  return secure
}
