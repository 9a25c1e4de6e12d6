import type { RequestHead } from './request-head.ts'
import type { ResponseHead } from './response-head.ts'

/** The head of a request as a worker gets it. `length` is the body's, null when it will be chunked; `added` holds further lines, each with its CRLF. */
export function requestHeadText(head: RequestHead, length: number | null, added: string): string {
  let text = `${head.method} ${head.target} HTTP/1.1\r\n${head.lines}${added}`
  // HTTP/1.0 may come without Host, 1.1 may not (RFC 9112, section 3.2).
  if (head.host === null) text += 'Host: localhost\r\n'
  if (length === null) text += 'Transfer-Encoding: chunked\r\n'
  else if (length > 0 || wantsLength(head.method)) text += `Content-Length: ${length}\r\n`
  if (head.upgrade !== null) text += `Connection: Upgrade\r\nUpgrade: ${head.upgrade}\r\n`
  return `${text}\r\n`
}

/** RFC 9110, section 8.6: methods that anticipate content say that there is none. */
function wantsLength(method: string): boolean {
  return method === 'POST' || method === 'PUT' || method === 'PATCH'
}

/** What the client's side of an answer looks like. */
export interface ClientFraming {
  readonly http10: boolean
  readonly keepAlive: boolean
  /** Whether the body goes out chunked; never to HTTP/1.0. */
  readonly chunked: boolean
}

/** The head of an answer as a client gets it. */
export function responseHeadText(head: ResponseHead, { http10, keepAlive, chunked }: ClientFraming, added: string): string {
  let text = `HTTP/1.1 ${head.status} ${head.reason}\r\n${head.lines}${added}`
  if (chunked) text += 'Transfer-Encoding: chunked\r\n'
  else if (head.contentLength >= 0) text += `Content-Length: ${head.contentLength}\r\n`
  if (!keepAlive) text += 'Connection: close\r\n'
  else if (http10) text += 'Connection: keep-alive\r\n'
  return `${text}\r\n`
}

/** An interim answer (1xx): no framing, nothing about the connection but an agreed upgrade. */
export function interimHeadText(head: ResponseHead): string {
  const upgrade = head.status === 101 ? `Connection: Upgrade\r\nUpgrade: ${head.upgrade ?? ''}\r\n` : ''
  return `HTTP/1.1 ${head.status} ${head.reason}\r\n${head.lines}${upgrade}\r\n`
}
