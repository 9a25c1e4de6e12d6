/** What follows from an error, wherever it surfaces. Null where it can't surface there. */
export interface Consequence {
  /** Exit code of a command that ends with it (DESIGN: sysexits(3) numbers). */
  readonly exit: number | null
  /** HTTP status that a client of the front door sees. */
  readonly http: number | null
  /** SQLSTATE that a client of the gateway sees (PostgreSQL manual, appendix A). */
  readonly sqlstate: string | null
  /** Whether the same call may succeed later without anyone changing anything. */
  readonly retry: boolean
}

/** The closed set of codes. A new one does not compile until every consequence is filled in. */
const consequences = {
  // What the operator typed or wrote.
  COMMAND_LINE_WRONG: { exit: 64, http: null, sqlstate: null, retry: false },
  CONFIG_INVALID: { exit: 65, http: null, sqlstate: null, retry: false },
  DATA_UNREADABLE: { exit: 65, http: null, sqlstate: null, retry: false },
  SOCKET_PATH_TOO_LONG: { exit: 65, http: null, sqlstate: null, retry: false },
  // What the machine lacks or refuses.
  RUBY_NOT_FOUND: { exit: 69, http: null, sqlstate: null, retry: false },
  SERVER_NOT_FOUND: { exit: 69, http: null, sqlstate: null, retry: false },
  TOOL_NOT_FOUND: { exit: 69, http: null, sqlstate: null, retry: false },
  DATABASE_REQUIRED: { exit: 69, http: null, sqlstate: null, retry: true },
  NOT_RUNNING: { exit: 69, http: null, sqlstate: null, retry: true },
  PORT_TAKEN: { exit: 71, http: null, sqlstate: null, retry: true },
  ALREADY_RUNNING: { exit: 71, http: null, sqlstate: null, retry: false },
  SYSTEM_REFUSED: { exit: 71, http: null, sqlstate: null, retry: false },
  // What bezel ends with.
  INTERNAL: { exit: 70, http: 500, sqlstate: 'XX000', retry: false },
  GAVE_UP: { exit: 74, http: null, sqlstate: null, retry: false },
  CUT_AT_DEADLINE: { exit: 75, http: null, sqlstate: null, retry: false },
  GEMS_INCOMPATIBLE: { exit: 78, http: null, sqlstate: null, retry: false },
  // What an HTTP client meets.
  REQUEST_MALFORMED: { exit: null, http: 400, sqlstate: null, retry: false },
  REQUEST_TIMEOUT: { exit: null, http: 408, sqlstate: null, retry: true },
  BODY_TOO_LARGE: { exit: null, http: 413, sqlstate: null, retry: false },
  TARGET_TOO_LONG: { exit: null, http: 414, sqlstate: null, retry: false },
  EXPECTATION_UNKNOWN: { exit: null, http: 417, sqlstate: null, retry: false },
  HEAD_TOO_LARGE: { exit: null, http: 431, sqlstate: null, retry: false },
  NOT_IMPLEMENTED: { exit: null, http: 501, sqlstate: null, retry: false },
  WORKER_DIED: { exit: null, http: 502, sqlstate: null, retry: false },
  WORKER_ANSWER_MALFORMED: { exit: null, http: 502, sqlstate: null, retry: false },
  WORKER_NO_ANSWER: { exit: null, http: 502, sqlstate: null, retry: false },
  NO_WORKER: { exit: null, http: 503, sqlstate: null, retry: true },
  REQUEST_DEADLINE: { exit: null, http: 504, sqlstate: null, retry: false },
  VERSION_UNSUPPORTED: { exit: null, http: 505, sqlstate: null, retry: false },
  // What a database client meets.
  PROTOCOL_VIOLATION: { exit: null, http: null, sqlstate: '08P01', retry: false },
  DATABASE_UNKNOWN: { exit: null, http: null, sqlstate: '3D000', retry: false },
  SERVER_UNUSABLE: { exit: null, http: null, sqlstate: '08001', retry: false },
  POOL_EXHAUSTED: { exit: null, http: null, sqlstate: '53300', retry: true },
  DATABASE_AWAY: { exit: null, http: null, sqlstate: '57P03', retry: true },
  SESSION_LOST: { exit: null, http: null, sqlstate: '08006', retry: true },
  OUTCOME_UNKNOWN: { exit: null, http: null, sqlstate: '08007', retry: false },
  // What a caller of the library meets.
  CIRCUIT_OPEN: { exit: null, http: 503, sqlstate: null, retry: true },
  STOPPING: { exit: null, http: 503, sqlstate: '57P01', retry: true },
} as const satisfies Record<string, Consequence>

export type ErrorCode = keyof typeof consequences

export function consequenceOf<Code extends ErrorCode>(code: Code): (typeof consequences)[Code] {
  return consequences[code]
}

export interface ErrorDetail {
  /** What to type or change; one command or sentence an entry. */
  readonly remedy?: readonly string[]
  readonly cause?: unknown
}

/** The one error class. The message says what failed, with which value, and what is wanted. */
export class BezelError extends Error {
  readonly code: ErrorCode
  readonly remedy: readonly string[]

  constructor(code: ErrorCode, message: string, { remedy = [], cause }: ErrorDetail = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'BezelError'
    this.code = code
    this.remedy = remedy
  }
}
