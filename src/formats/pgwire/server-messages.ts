import { cString, frame, int16, int32 } from './field.ts'
import { serverMessage } from './message-types.ts'
import { newestMinor, protocolMajor } from './startup-packet.ts'

/** Messages that the gateway says in a server's place (PostgreSQL manual, "Message Formats"). */

export const authenticationOk: Buffer = frame(serverMessage.Authentication, int32(0))
export const authenticationCleartextPassword: Buffer = frame(serverMessage.Authentication, int32(3))

/** `mechanisms` in the order of preference. */
export function authenticationSasl(mechanisms: readonly string[]): Buffer {
  return frame(serverMessage.Authentication, int32(10), ...mechanisms.map(cString), Buffer.alloc(1))
}

export function authenticationSaslContinue(data: Buffer): Buffer {
  return frame(serverMessage.Authentication, int32(11), data)
}

export function authenticationSaslFinal(data: Buffer): Buffer {
  return frame(serverMessage.Authentication, int32(12), data)
}

export function parameterStatus(name: string, value: string): Buffer {
  return frame(serverMessage.ParameterStatus, cString(name), cString(value))
}

/** `secret`: 4 bytes, or with protocol 3.2 up to 256. */
export function backendKeyData(pid: number, secret: Buffer): Buffer {
  return frame(serverMessage.BackendKeyData, int32(pid), secret)
}

/**
 * For a client that asked for a newer minor version, or for protocol options. The version is the full number, not the minor alone
 * as the manual has it: libpq refuses anything under 3.0 (`pqGetNegotiateProtocolVersion3` in `fe-protocol3.c`).
 */
export function negotiateProtocolVersion(askedMinor: number, protocolOptions: readonly string[]): Buffer {
  const version = (protocolMajor << 16) | Math.min(askedMinor, newestMinor)
  return frame(serverMessage.NegotiateProtocolVersion, int32(version), int32(protocolOptions.length), ...protocolOptions.map(cString))
}

/** `status`: one of `transactionStatus`. */
export function readyForQuery(status: number): Buffer {
  return frame(serverMessage.ReadyForQuery, Buffer.of(status))
}

export function commandComplete(commandTag: string): Buffer {
  return frame(serverMessage.CommandComplete, cString(commandTag))
}

/** Columns of type text, for answers that the gateway makes itself. */
export function rowDescription(columns: readonly string[]): Buffer {
  const textOid = 25
  const column = (name: string) => [cString(name), int32(0), int16(0), int32(textOid), int16(-1), int32(-1), int16(0)]
  return frame(serverMessage.RowDescription, int16(columns.length), ...columns.flatMap(column))
}

/** Values in text format. */
export function dataRow(values: readonly (string | null)[]): Buffer {
  const fields = values.flatMap((value) => {
    if (value === null) return [int32(-1)]
    const bytes = Buffer.from(value)
    return [int32(bytes.length), bytes]
  })
  return frame(serverMessage.DataRow, int16(values.length), ...fields)
}
