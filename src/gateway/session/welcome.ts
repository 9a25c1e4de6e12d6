import { transactionStatus } from '../../formats/pgwire/message-types.ts'
import { authenticationOk, backendKeyData, parameterStatus, readyForQuery } from '../../formats/pgwire/server-messages.ts'

/** What ends a client's start-up: it is let in, told what its server connection reports, and may begin. */
export function welcome(parameters: ReadonlyMap<string, string>, pid: number, secret: Buffer): Buffer {
  const reported = [...parameters].map(([name, value]) => parameterStatus(name, value))
  return Buffer.concat([authenticationOk, ...reported, backendKeyData(pid, secret), readyForQuery(transactionStatus.Idle)])
}
