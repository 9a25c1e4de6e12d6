import { nulAt, readCString } from './field.ts'

/** Readers of single fields; `start` and `end` as a walker gives them. Null: the body is not as it should be. */

export interface BindFields {
  readonly portal: string
  readonly statement: string
}

export function readBind(buffer: Buffer, start: number, end: number): BindFields | null {
  const portalEnd = nulAt(buffer, start, end)
  const statement = portalEnd < 0 ? null : readCString(buffer, portalEnd + 1, end)
  return statement === null ? null : { portal: buffer.toString('utf8', start, portalEnd), statement }
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
