import { cString, frame, int16, int32 } from './field.ts'
import { clientMessage } from './message-types.ts'
import { protocolMajor, requestCode } from './startup-packet.ts'

/** Messages that the gateway says to a server (PostgreSQL manual, "Message Formats"). */

export const sslRequest: Buffer = Buffer.concat([int32(8), int32(requestCode.Ssl)])

export function startupMessage(minor: number, parameters: Iterable<readonly [string, string]>): Buffer {
  const fields = [int32((protocolMajor << 16) | minor), ...[...parameters].flatMap(([name, value]) => [cString(name), cString(value)])]
  const body = Buffer.concat([...fields, Buffer.alloc(1)])
  return Buffer.concat([int32(body.length + 4), body])
}

export function cancelRequest(pid: number, secret: Buffer): Buffer {
  return Buffer.concat([int32(12 + secret.length), int32(requestCode.Cancel), int32(pid), secret])
}

export function passwordMessage(password: string): Buffer {
  return frame(clientMessage.Password, cString(password))
}

export function saslInitialResponse(mechanism: string, data: Buffer): Buffer {
  return frame(clientMessage.Password, cString(mechanism), int32(data.length), data)
}

export function saslResponse(data: Buffer): Buffer {
  return frame(clientMessage.Password, data)
}

export function query(sql: string): Buffer {
  return frame(clientMessage.Query, cString(sql))
}

/** Parameter types are left to the server. An empty name is the unnamed statement. */
export function parse(name: string, sql: string): Buffer {
  return frame(clientMessage.Parse, cString(name), cString(sql), int16(0))
}

/** Binds the unnamed portal to a statement without parameters; results come as text. */
export function bindWithoutParameters(statement: string): Buffer {
  return frame(clientMessage.Bind, cString(''), cString(statement), int16(0), int16(0), int16(0))
}

/** Runs the unnamed portal to its end. */
export const execute: Buffer = frame(clientMessage.Execute, cString(''), int32(0))

export function closeStatement(name: string): Buffer {
  return frame(clientMessage.Close, cString(`S${name}`))
}

export const sync: Buffer = frame(clientMessage.Sync)
export const flush: Buffer = frame(clientMessage.Flush)
export const terminate: Buffer = frame(clientMessage.Terminate)
export const copyDone: Buffer = frame(clientMessage.CopyDone)

export function copyFail(reason: string): Buffer {
  return frame(clientMessage.CopyFail, cString(reason))
}
