import type { Socket } from 'node:net'
import { startupMessage } from '../../formats/pgwire/client-messages.ts'
import { readErrorFields } from '../../formats/pgwire/error-fields.ts'
import { readBackendKeyData, readParameterStatus } from '../../formats/pgwire/message-fields.ts'
import { serverMessage } from '../../formats/pgwire/message-types.ts'
import { underDeadline, type Attempt, type ConnectOptions } from './attempt.ts'
import { Authentication } from './authenticate.ts'
import { ConnectFailed, protocolFailure, type ConnectFailure } from './connect-failure.ts'
import { withEncryptions } from './encryptions.ts'
import { openChannel } from './open-channel.ts'
import type { ServerLink } from './server-link.ts'
import { StartReader } from './start-reader.ts'
import type { ServerTarget } from './target.ts'

/** Parameters of the StartupMessage besides user and database: `application_name`, `client_encoding`, … `options` come behind the target's. */
export type StartupParameters = Readonly<Record<string, string>>

/**
 * Opens, encrypts, authenticates and starts one server connection (PostgreSQL manual, "Start-up"), in protocol 3.0.
 * Never rejects: a failure is a value. Nothing stays open after a failure.
 */
export async function connectServer(
  target: ServerTarget,
  startup: StartupParameters,
  options: ConnectOptions,
): Promise<ServerLink | ConnectFailure> {
  return underDeadline(options, (attempt) =>
    withEncryptions(target, async (encryption) => start(await openChannel(target, encryption, attempt), target, startup, attempt)),
  )
}

export type ConnectServer = typeof connectServer

async function start(socket: Socket, target: ServerTarget, startup: StartupParameters, attempt: Attempt): Promise<ServerLink> {
  const reader = new StartReader(socket)
  attempt.stage = 'authentication'
  socket.write(startupMessage(0, startupFields(target, startup)))

  const authentication = new Authentication(socket, target)
  const parameters = new Map<string, string>()
  let key: { readonly pid: number; readonly secret: Buffer } = { pid: 0, secret: Buffer.alloc(0) }
  for (;;) {
    const { type, body, bytes } = await reader.readMessage()
    if (type === serverMessage.ErrorResponse) throw refusal(body, bytes)
    if (type === serverMessage.NoticeResponse) continue
    // We ask for 3.0 and no options: a server has nothing to negotiate.
    if (!authentication.done) {
      if (type !== serverMessage.Authentication) throw unexpected(type, 'authentication')
      await authentication.answer(body)
      if (authentication.done) attempt.stage = 'start-up'
      continue
    }
    switch (type) {
      case serverMessage.ParameterStatus: {
        const status = readParameterStatus(body, 0, body.length)
        if (status !== null) parameters.set(status.name, status.value)
        break
      }
      case serverMessage.BackendKeyData:
        key = readBackendKeyData(body, 0, body.length) ?? key
        break
      case serverMessage.ReadyForQuery:
        if (socket.destroyed)
          throw new ConnectFailed({ tag: 'Unreachable', errno: null, text: 'the server closed the connection after start-up' })
        return {
          tag: 'Connected',
          socket,
          unread: reader.release(),
          parameters,
          ...key,
          status: body[0] ?? 0,
          encrypted: 'encrypted' in socket,
        }
      default:
        throw unexpected(type, 'start-up')
    }
  }
}

function startupFields(target: ServerTarget, startup: StartupParameters): [string, string][] {
  const { options = '', ...others } = startup
  const allOptions = [target.options ?? '', options].filter((text) => text !== '').join(' ')
  return [
    ['user', target.user],
    ['database', target.database],
    ...Object.entries(others).filter(([name]) => name !== 'user' && name !== 'database'),
    ...(allOptions === '' ? [] : ([['options', allOptions]] as [string, string][])),
  ]
}

function refusal(body: Buffer, bytes: Buffer): ConnectFailed {
  const { sqlstate, message } = readErrorFields(body, 0, body.length)
  return new ConnectFailed({ tag: 'Refused', sqlstate, text: message, bytes: Buffer.from(bytes) })
}

function unexpected(type: number, stage: string): ConnectFailed {
  return protocolFailure(`an unexpected message of type 0x${type.toString(16)} during ${stage}`)
}
