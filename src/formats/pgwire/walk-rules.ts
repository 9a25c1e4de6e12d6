import { clientMessage, serverMessage } from './message-types.ts'

/** What a walker accepts in one direction. */
export interface WalkRules {
  /** By first byte: the greatest legal length field; 0: no such message. */
  readonly maxLength: Int32Array
  /** By first byte: 1 where a message that spans chunks is put together, so that its body can be read. */
  readonly kept: Uint8Array
  /** A spanning message longer than this is passed on unread, in bytes. */
  readonly maxKeptBytes: number
}

/** One byte under PostgreSQL's largest allocation (`PQ_LARGE_MESSAGE_LIMIT` in `src/include/libpq/libpq.h`). */
const largeLimit = 0x3fff_ffff - 1
/** `PQ_SMALL_MESSAGE_LIMIT` of the same file. */
const smallLimit = 10_000
/** What libpq takes from a server in messages other than its `VALID_LONG_MESSAGE_TYPE` (`fe-protocol3.c`). */
const serverShortLimit = 30_000

const largeFromClient: readonly number[] = [
  clientMessage.Bind,
  clientMessage.CopyData,
  clientMessage.FunctionCall,
  clientMessage.Parse,
  clientMessage.Password,
  clientMessage.Query,
]

const passedFromClient: readonly number[] = [clientMessage.CopyData, clientMessage.CopyDone, clientMessage.CopyFail]

const largeFromServer: readonly number[] = [
  serverMessage.CopyData,
  serverMessage.DataRow,
  serverMessage.ErrorResponse,
  serverMessage.FunctionCallResponse,
  serverMessage.NoticeResponse,
  serverMessage.NotificationResponse,
  serverMessage.ParameterDescription,
  serverMessage.RowDescription,
]

const keptFromServer: readonly number[] = [
  serverMessage.Authentication,
  serverMessage.BackendKeyData,
  serverMessage.CommandComplete,
  serverMessage.ErrorResponse,
  serverMessage.NegotiateProtocolVersion,
  serverMessage.ParameterStatus,
  serverMessage.ReadyForQuery,
]

/** Rules for what clients send after their start-up packet. `maxKeptBytes` bounds the memory that one client can make us hold. */
export function clientRules(maxKeptBytes: number): WalkRules {
  const types = Object.values(clientMessage)
  return rules(
    types.map((type) => [type, largeFromClient.includes(type) ? largeLimit : smallLimit]),
    types.filter((type) => !passedFromClient.includes(type)),
    maxKeptBytes,
  )
}

/** Rules for what servers send after the answer to SSLRequest. */
export function serverRules(maxKeptBytes: number): WalkRules {
  const types = Object.values(serverMessage)
  return rules(
    types.map((type) => [type, largeFromServer.includes(type) ? largeLimit : serverShortLimit]),
    keptFromServer,
    maxKeptBytes,
  )
}

function rules(limits: readonly (readonly [number, number])[], kept: readonly number[], maxKeptBytes: number): WalkRules {
  const table: WalkRules = { maxLength: new Int32Array(256), kept: new Uint8Array(256), maxKeptBytes }
  for (const [type, limit] of limits) table.maxLength[type] = limit
  for (const type of kept) table.kept[type] = 1
  return table
}
