import { consequenceOf, type ErrorCode } from '../../errors.ts'
import { errorResponse } from '../../formats/pgwire/error-fields.ts'
import type { Told } from './client-session.machine.ts'

/** What the texts need to know. */
export interface Circumstances {
  readonly database: string
  /** Why the server connection ended; null: it did not. */
  readonly lost: string | null
  /** What the session carries that no other connection has; null: nothing. */
  readonly carries: string | null
  /** The server is away, for this reason. */
  readonly away: string | null
  /** Until the next attempt at the server, in milliseconds. */
  readonly retryInMs: number | null
  readonly waitedMs: number
  readonly diagnosis: readonly string[]
  /** What was wrong with what the client sent. */
  readonly violation: string | null
}

/** The FATAL ErrorResponse that ends a session. `server-fatal` and `login-refused` are the server's own words, and come from elsewhere. */
export function tell(about: Exclude<Told, 'server-fatal'>, circumstances: Circumstances): Buffer {
  const { database, lost, carries, away, retryInMs, waitedMs, diagnosis, violation } = circumstances
  switch (about) {
    case 'deadline':
    case 'queue-full': {
      const waited = about === 'deadline' ? `after ${(waitedMs / 1_000).toFixed(1)} s in the queue` : 'and the queue is full'
      if (away !== null) {
        const hint = `The next attempt is made in ${Math.ceil(retryInMs ?? 0)} ms.`
        return fatal('DATABASE_AWAY', `the server of database "${database}" is away ${waited}: ${away}`, diagnosis.join('\n'), hint)
      }
      return fatal('POOL_EXHAUSTED', `no server connection to database "${database}" ${waited}`, diagnosis.join('\n'))
    }
    case 'login-refused':
      return fatal('SERVER_UNUSABLE', `the server of database "${database}" refused the login`)
    case 'cannot-move':
      return fatal('SESSION_LOST', `the session could not be recreated on a new connection to database "${database}"`)
    case 'session-lost': {
      const because = carries === null ? undefined : `The session can't be moved to another connection: it carries ${carries}.`
      return fatal('SESSION_LOST', `the connection to database "${database}" was lost: ${lost ?? 'no answer'}`, because)
    }
    case 'outcome-unknown':
      return fatal(
        'OUTCOME_UNKNOWN',
        `the connection to database "${database}" was lost before the answer to a COMMIT or a write: ${lost ?? 'no answer'}`,
        'It may or may not have been done; it was not repeated.',
      )
    case 'start-up-timeout':
      return fatal('PROTOCOL_VIOLATION', 'no start-up message in time')
    case 'protocol-violation':
      return fatal('PROTOCOL_VIOLATION', violation ?? 'not the PostgreSQL protocol')
    case 'run-ended':
      return fatal('STOPPING', 'terminating connection: the worker process has ended')
    case 'stopping':
      return fatal('STOPPING', 'terminating connection: the gateway is stopping')
  }
}

function fatal(code: ErrorCode, message: string, detail?: string, hint?: string): Buffer {
  const { sqlstate } = consequenceOf(code)
  const more = { ...(detail ? { detail } : {}), ...(hint ? { hint } : {}) }
  return errorResponse({ severity: 'FATAL', sqlstate: sqlstate ?? 'XX000', message, ...more })
}
