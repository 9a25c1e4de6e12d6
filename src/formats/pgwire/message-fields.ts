import { nulAt, readCString } from './field.ts'

/** Readers of single fields; `start` and `end` as a walker gives them. Null: the body is not as it should be. */

export interface ParseFields {
  /** Empty: the unnamed statement. */
  readonly name: string
  /** Where the SQL text lies: first byte, and its NUL. */
  readonly sqlStart: number
  readonly sqlEnd: number
}

export function readParse(buffer: Buffer, start: number, end: number): ParseFields | null {
  const nameEnd = nulAt(buffer, start, end)
  const sqlEnd = nameEnd < 0 ? -1 : nulAt(buffer, nameEnd + 1, end)
  return sqlEnd < 0 ? null : { name: buffer.toString('utf8', start, nameEnd), sqlStart: nameEnd + 1, sqlEnd }
}

export interface BindFields {
  readonly portal: string
  readonly statement: string
}

export function readBind(buffer: Buffer, start: number, end: number): BindFields | null {
  const portalEnd = nulAt(buffer, start, end)
  const statement = portalEnd < 0 ? null : readCString(buffer, portalEnd + 1, end)
  return statement === null ? null : { portal: buffer.toString('utf8', start, portalEnd), statement }
}

/** Of Describe and Close. */
export interface NamedObject {
  readonly kind: 'statement' | 'portal'
  readonly name: string
}

export function readNamedObject(buffer: Buffer, start: number, end: number): NamedObject | null {
  const name = readCString(buffer, start + 1, end)
  if (name === null || start >= end) return null
  if (buffer[start] === 0x53) return { kind: 'statement', name }
  return buffer[start] === 0x50 ? { kind: 'portal', name } : null
}

/** The portal of an Execute. */
export function readExecute(buffer: Buffer, start: number, end: number): string | null {
  return readCString(buffer, start, end)
}

export function readParameterStatus(buffer: Buffer, start: number, end: number): { readonly name: string; readonly value: string } | null {
  const nameEnd = nulAt(buffer, start, end)
  const value = nameEnd < 0 ? null : readCString(buffer, nameEnd + 1, end)
  return value === null ? null : { name: buffer.toString('utf8', start, nameEnd), value }
}

export function readBackendKeyData(buffer: Buffer, start: number, end: number): { readonly pid: number; readonly secret: Buffer } | null {
  if (end - start < 5) return null
  return { pid: buffer.readInt32BE(start), secret: Buffer.from(buffer.subarray(start + 4, end)) }
}

/** `SELECT 1`, `INSERT 0 1`, `ROLLBACK`. */
export function readCommandTag(buffer: Buffer, start: number, end: number): string {
  return readCString(buffer, start, end) ?? ''
}
