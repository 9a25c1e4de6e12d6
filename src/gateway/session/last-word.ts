import { readErrorFields } from '../../formats/pgwire/error-fields.ts'
import { frame } from '../../formats/pgwire/field.ts'
import { serverMessage } from '../../formats/pgwire/message-types.ts'

/** A FATAL: the server's last word before it closes. */
export interface LastWord {
  readonly sqlstate: string
  readonly message: string
  /** The whole ErrorResponse. */
  readonly bytes: Buffer
}

const fatalMark = Buffer.from('VFATAL\0C57P0')
const warningMark = Buffer.from('VWARNING\0C57P0')

/**
 * Whether a chunk may end in a FATAL or warning of a server that stops: cheap, and true too often rather than too seldom.
 * ErrorResponse and NoticeResponse end in two NULs, and since PostgreSQL 9.6 name their severity in plain English; the SQLSTATE follows.
 */
export function mayEndInLastWord(chunk: Buffer): boolean {
  if (chunk[chunk.length - 1] !== 0 || chunk[chunk.length - 2] !== 0) return false
  return chunk.includes(fatalMark) || chunk.includes(warningMark)
}

/**
 * Reads an ErrorResponse or NoticeResponse. `warning`: that of a backend which is told to die at once, and says no FATAL
 * (`quickdie` in `src/backend/tcop/postgres.c`). Null: the session goes on.
 */
export function readLastWord(type: number, buffer: Buffer, start: number, end: number): LastWord | 'warning' | null {
  const { severity, sqlstate, message } = readErrorFields(buffer, start, end)
  if (type === serverMessage.NoticeResponse)
    return severity === 'WARNING' && (sqlstate === '57P01' || sqlstate === '57P02') ? 'warning' : null
  if (severity !== 'FATAL' && severity !== 'PANIC') return null
  return { sqlstate, message, bytes: frame(type, buffer.subarray(start, end)) }
}
