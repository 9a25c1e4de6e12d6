import { consequenceOf, type ErrorCode } from '../errors.ts'
import { STATUS_CODES } from 'node:http'

export interface ErrorAnswer {
  readonly status: number
  readonly text: string
  readonly bodyBytes: number
}

/** One sentence a code: what happened, and what the reader can do. */
const sentences: Partial<Record<ErrorCode, string>> = {
  REQUEST_MALFORMED: 'The request could be read in two ways, so it was not passed on.',
  REQUEST_TIMEOUT: 'The request did not arrive in time.',
  BODY_TOO_LARGE: 'The request body is longer than this server takes.',
  WORKER_DIED: 'The process that worked on this request died. It may or may not have taken effect.',
  WORKER_ANSWER_MALFORMED: 'The application gave an answer that can not be passed on.',
  WORKER_NO_ANSWER: 'The application closed the connection without an answer.',
  NO_WORKER: 'No process is free to take this request. Try again.',
  REQUEST_DEADLINE: 'The application did not answer in time.',
  STOPPING: 'The server is stopping. Try again.',
}

export interface ErrorAnswerContext {
  readonly accept: string
  readonly method: string
  readonly requestId: string | null
  readonly incident: string | null
  readonly why: string | null
  readonly keepAlive: boolean
  readonly http10: boolean
  readonly retryAfterSeconds: number
}

/** The whole answer that a client gets for `code`: plain text, or JSON where the client asks for it. Pure. */
export function errorAnswer(code: ErrorCode, context: ErrorAnswerContext): ErrorAnswer {
  const { http, retry } = consequenceOf(code)
  const status = http ?? 500
  const reason = STATUS_CODES[status] ?? 'Error'
  const { incident, requestId, why } = context
  const sentence = sentences[code] ?? `${reason}.`
  const isJson = context.accept.includes('json')
  const body = isJson
    ? `${JSON.stringify({ error: code, message: sentence, why: why ?? undefined, incident: incident ?? undefined, request_id: requestId ?? undefined })}\n`
    : [sentence, why === null ? null : `Reason: ${why}`, incident === null ? null : `Incident: ${incident}`, '']
        .filter((line) => line !== null)
        .join('\n')
  const lines = [
    `HTTP/1.1 ${status} ${reason}`,
    `Content-Type: ${isJson ? 'application/json' : 'text/plain; charset=utf-8'}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
  ]
  if (requestId !== null) lines.push(`X-Request-Id: ${requestId}`)
  if (incident !== null) lines.push(`X-Bezel-Incident: ${incident}`)
  if (retry && status === 503) lines.push(`Retry-After: ${context.retryAfterSeconds}`)
  if (!context.keepAlive) lines.push('Connection: close')
  else if (context.http10) lines.push('Connection: keep-alive')
  const head = `${lines.join('\r\n')}\r\n\r\n`
  return { status, text: context.method === 'HEAD' ? head : head + body, bodyBytes: context.method === 'HEAD' ? 0 : body.length }
}
