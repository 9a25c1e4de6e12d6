import { consequenceOf } from '../../errors.ts'
import { errorResponse } from '../../formats/pgwire/error-fields.ts'
import type { ConnectFailure } from '../server-link/connect-failure.ts'

/**
 * What a failed attempt means. `unreachable`: the server is away, wait and try again. `full`: it has no slot left, wait for one.
 * `refused`: it is there, and says no to this login; `bytes` is the ErrorResponse that the client gets.
 */
export type FailureVerdict =
  | { readonly tag: 'unreachable'; readonly text: string }
  | { readonly tag: 'full'; readonly text: string }
  | { readonly tag: 'refused'; readonly sqlstate: string; readonly text: string; readonly bytes: Buffer }

/** cannot_connect_now, admin_shutdown, crash_shutdown (PostgreSQL manual, appendix A): starting, stopping or recovering. */
const away = new Set(['57P03', '57P01', '57P02'])

export function decideFailure(failure: ConnectFailure): FailureVerdict {
  switch (failure.tag) {
    case 'Unreachable':
      return { tag: 'unreachable', text: failure.text }
    case 'Timeout':
      return { tag: 'unreachable', text: `no answer within ${Math.round(failure.afterMs)} ms (${failure.stage})` }
    case 'Tls':
    case 'Protocol':
      return ownRefusal(failure.text)
    case 'Refused': {
      const { sqlstate, text, bytes } = failure
      if (away.has(sqlstate)) return { tag: 'unreachable', text }
      // "too many connections for role" or "… for database" is a limit of this login alone (`src/backend/utils/init/postinit.c`).
      if (sqlstate === '53300' && !text.includes('too many connections for')) return { tag: 'full', text }
      return { tag: 'refused', sqlstate, text, bytes }
    }
  }
}

function ownRefusal(text: string): FailureVerdict {
  const { sqlstate } = consequenceOf('SERVER_UNUSABLE')
  return { tag: 'refused', sqlstate, text, bytes: errorResponse({ severity: 'FATAL', sqlstate, message: text }) }
}
