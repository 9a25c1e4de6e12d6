import type { ErrorCode } from '../../errors.ts'

/** Why a head or a body is not taken. */
export interface Refusal {
  readonly code: ErrorCode
  readonly why: string
}

export function malformed(why: string): Refusal {
  return { code: 'REQUEST_MALFORMED', why }
}
