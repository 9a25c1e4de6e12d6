/** Where access lines go. Must neither block nor throw. */
export interface AccessLog {
  write(line: string): void
}

/** What the front door asks of its surroundings. */
export interface FrontDoorPorts {
  /** The keeper's word on a run whose connection closed; the front door bounds the wait. */
  askRun(run: number): Promise<'alive' | 'exited'>
  /** Null: no access log. */
  readonly accessLog: AccessLog | null
  /** Milliseconds since 1970, for `X-Request-Start` and the access log; `Date.now` when left out. */
  wallMs?(): number
}
