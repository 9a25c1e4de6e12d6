import type { ServingRun } from '../link/messages.ts'
import { goodConduct, type Conduct } from './ejection.ts'
import type { RunLoad } from './pick-run.ts'

interface IdleConnection {
  readonly idleSinceMs: number
  destroy(): void
}

/** A ready run: what it holds, its connections, and whether it takes more. */
export class Run<
  Request extends { readonly isEventStream: boolean; readonly overdue: boolean },
  Connection extends IdleConnection,
> implements RunLoad {
  readonly serving: ServingRun
  readonly listed = new Set<Request>()
  readonly upgraded = new Set<Request>()
  readonly connections = new Set<Connection>()
  /** Kept-alive connections, the one used last on top. */
  readonly idle: Connection[] = []
  /** A dead data plane may have left requests in it, whose deadline has not passed. */
  holdsUnknown = false
  /** Slots that are kept free for them. */
  unknown = 0
  unknownUntilMs = 0
  draining = false
  paused = false
  exited = false
  readonly readyMs: number
  exitedMs = Infinity
  /** A suspect has it to itself. */
  closed = false
  /** Its process is ending, and the word of that is on its way. */
  ending = false
  avoidUntilMs = 0
  toldUnreachableMs = -Infinity
  conduct: Conduct = goodConduct
  served = 0
  /** Called each time that the run lets go of something. */
  onLess: () => void = () => {}

  constructor(serving: ServingRun, readyMs: number) {
    this.serving = serving
    this.readyMs = readyMs
  }

  get id(): number {
    return this.serving.run
  }

  get slots(): number {
    return this.serving.slots
  }

  get open(): boolean {
    return !this.draining && !this.paused && !this.exited && !this.closed && !this.ending
  }

  get outstanding(): number {
    return this.listed.size + this.unknown
  }

  get ejectedUntilMs(): number {
    return this.conduct.ejectedUntilMs
  }

  adopt(untilMs: number): void {
    this.holdsUnknown = true
    this.unknown = Math.floor(this.slots / 2)
    this.unknownUntilMs = untilMs
  }

  forgetUnknown(nowMs: number): void {
    if (!this.holdsUnknown || this.unknownUntilMs > nowMs) return
    this.holdsUnknown = false
    this.unknown = 0
  }

  /** Nothing of any kind: what is sent to it now is alone. */
  get isEmpty(): boolean {
    return this.listed.size === 0 && this.upgraded.size === 0 && !this.holdsUnknown
  }

  /** Nothing that a drain waits for: upgrades and event streams may last for ever, and what is overdue has had its 504. */
  get isDrained(): boolean {
    for (const exchange of this.listed) if (!exchange.isEventStream && !exchange.overdue) return false
    return true
  }

  /**
   * A kept-alive connection that its server will not close at this very moment: idle for less than half of the server's timeout.
   * The one used last is the freshest: when it is too old, all are.
   */
  takeIdle(nowMs: number): Connection | null {
    const last = this.idle.pop()
    if (last === undefined) return null
    if (nowMs - last.idleSinceMs < this.serving.keepAliveTimeoutMs / 2) return last
    last.destroy()
    for (const old of this.idle.splice(0)) old.destroy()
    return null
  }
}
