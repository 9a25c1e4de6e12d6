import type { ServingRun } from '../link/messages.ts'

/** Where access lines go. Must neither block nor throw. */
export interface AccessLog {
  write(line: string): void
}

/** What the front door asks of its surroundings. */
export interface FrontDoorPorts {
  /** Whether a run's process is ending, or gone: that is seen before its end closes its first connection. */
  isEnding(run: ServingRun): boolean
  /** Null: no access log. */
  readonly accessLog: AccessLog | null
  /** Milliseconds since 1970, for `X-Request-Start` and the access log; `Date.now` when left out. */
  wallMs?(): number
}
