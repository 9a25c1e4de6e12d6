import type { ProcessState } from './capture-process.ts'

/** A look at a process while it lived. */
export interface Look {
  readonly state: ProcessState
  readonly atMs: number
}

/** `null`: it is gone, or a zombie. */
type ReadState = (pid: number) => ProcessState | null

/**
 * What each process was like when it was last looked at. SIGKILL, or a report that is written in one piece, leaves no moment between the
 * first word of a death and its end: then the last look is all there is to tell.
 */
export class LastLooks {
  readonly #read: ReadState
  readonly #everyMs: number
  readonly #looks = new Map<number, Look>()

  constructor(read: ReadState, everyMs: number) {
    this.#read = read
    this.#everyMs = everyMs
  }

  /** Looks now. A process that is gone keeps what was seen before. */
  look(pid: number, nowMs: number): void {
    this.keep(pid, this.#read(pid), nowMs)
  }

  /** Looks at those whose last look is too old. */
  renew(pids: Iterable<number>, nowMs: number): void {
    for (const pid of pids) if (nowMs - (this.#looks.get(pid)?.atMs ?? -Infinity) >= this.#everyMs) this.look(pid, nowMs)
  }

  /** Takes over what somebody else has read. */
  keep(pid: number, state: ProcessState | null, nowMs: number): void {
    if (state !== null) this.#looks.set(pid, { state, atMs: nowMs })
  }

  of(pid: number): Look | null {
    return this.#looks.get(pid) ?? null
  }

  forget(pid: number): void {
    this.#looks.delete(pid)
  }
}
