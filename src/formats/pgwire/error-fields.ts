import { cString, frame, nulAt } from './field.ts'
import { serverMessage } from './message-types.ts'

/** Fields of ErrorResponse and NoticeResponse that have a use here (PostgreSQL manual, "Error and Notice Message Fields"). */
export interface ErrorFields {
  /** Not localised: `ERROR`, `FATAL`, `PANIC`, or of a notice `WARNING`, `NOTICE`, `DEBUG`, `INFO`, `LOG`. */
  readonly severity: string
  /** Five characters (appendix A). */
  readonly sqlstate: string
  readonly message: string
  readonly detail: string | null
  readonly hint: string | null
  /** Name of the server's source function, such as `RevalidateCachedQuery`. */
  readonly routine: string | null
}

/** Reads the body of an ErrorResponse or NoticeResponse. Total: what is missing is empty or null. */
export function readErrorFields(buffer: Buffer, start: number, end: number): ErrorFields {
  const fields = new Map<string, string>()
  let at = start
  while (at < end && buffer[at] !== 0) {
    const nul = nulAt(buffer, at + 1, end)
    if (nul < 0) break
    fields.set(String.fromCharCode(buffer[at]!), buffer.toString('utf8', at + 1, nul))
    at = nul + 1
  }
  const field = (letter: string) => fields.get(letter) ?? null
  return {
    // V, never localised, came with PostgreSQL 9.6.
    severity: field('V') ?? field('S') ?? '',
    sqlstate: field('C') ?? '',
    message: field('M') ?? '',
    detail: field('D'),
    hint: field('H'),
    routine: field('R'),
  }
}

/** What the gateway itself has to say to a client. */
export interface OwnError {
  /** After FATAL the connection must be closed. */
  readonly severity: 'ERROR' | 'FATAL'
  readonly sqlstate: string
  readonly message: string
  readonly detail?: string
  readonly hint?: string
}

export function errorResponse(error: OwnError): Buffer {
  return fieldsMessage(serverMessage.ErrorResponse, error)
}

export function noticeResponse(notice: Omit<OwnError, 'severity'> & { readonly severity: 'WARNING' | 'NOTICE' }): Buffer {
  return fieldsMessage(serverMessage.NoticeResponse, notice)
}

function fieldsMessage(type: number, fields: Omit<OwnError, 'severity'> & { readonly severity: string }): Buffer {
  const { severity, sqlstate, message, detail, hint } = fields
  const optional = [...(detail === undefined ? [] : [cString(`D${detail}`)]), ...(hint === undefined ? [] : [cString(`H${hint}`)])]
  return frame(
    type,
    cString(`S${severity}`),
    cString(`V${severity}`),
    cString(`C${sqlstate}`),
    cString(`M${message}`),
    ...optional,
    Buffer.alloc(1),
  )
}
