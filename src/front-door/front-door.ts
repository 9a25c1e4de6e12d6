import { createServer, type ListenOptions, type Server, type Socket } from 'node:net'
import type { LiveRun, ServingRun } from '../link/messages.ts'
import { listenOn, type BoundHandle } from '../net/bound-handle.ts'
import type { Abandoned, Outside, Part } from '../part.ts'
import { ClientConnection } from './client-connection.ts'
import { Dispatcher } from './dispatcher.ts'
import type { Carrier, Exchange, HoldingRun } from './exchange.ts'
import { House } from './house.ts'
import type { FrontDoorSettings } from './options.ts'
import type { FrontDoorPorts } from './ports.ts'
import { Run } from './run.ts'
import { settleRun, type Death } from './settle-run.ts'
import { requestsSnapshot, runSnapshot, type FrontDoorSnapshot } from './snapshot.ts'
import { SuspectDesk } from './suspect-desk.ts'

export type { FrontDoorSnapshot } from './snapshot.ts'

/** How often time limits are looked at; they are seconds, and one timer for all costs nothing. */
const sweepMs = 100

/** So long a closing port goes on to let in whoever waits before it; more come without end under a flood. */
const backlogMs = 1_000

/** HTTP/1.1 in, a ready worker out. Holds each request until a worker has answered it or its run has ended and is fenced. */
export class FrontDoor implements Part<FrontDoorSnapshot> {
  readonly #house: House
  readonly #desk: SuspectDesk
  readonly #dispatcher: Dispatcher
  readonly #server: Server
  readonly #clients = new Set<ClientConnection>()
  /** Worker of each run that starts. */
  readonly #starting = new Map<number, number>()
  /** Called when something may have been waited for. */
  readonly #waiters = new Set<() => void>()
  /** Clients that the system has handed over, served or not. */
  #arrived = 0
  #cancelSweep: (() => void) | null = null
  #stopped: Promise<Abandoned> | null = null
  #closed = false

  constructor(settings: FrontDoorSettings, outside: Outside, ports: FrontDoorPorts) {
    this.#house = new House(settings, outside, ports)
    this.#desk = new SuspectDesk(this.#house)
    this.#dispatcher = new Dispatcher(this.#house, this.#desk, (client) => {
      this.#clients.delete(client)
      this.#wakeWaiters()
    })
    this.#desk.onTry = (exchange, run) => this.#dispatcher.send(exchange, run)
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(socket))
    this.#server.maxConnections = settings.maxConnections
    const dropped = () => {
      this.#arrived++
      this.#house.tally.dropped++
    }
    this.#server.on('drop', dropped)
    // An accept that fails (a client that is gone again, no memory) is told as an error of the server, and must not end the process.
    this.#server.on('error', dropped)
  }

  /** Accepts from a bound handle that came by IPC, or from a port of its own. Rejects with the system's error. */
  async listen(where: BoundHandle | ListenOptions): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#server.once('error', reject).once('listening', resolve)
    const { backlog } = this.#house.settings
    if (isHandle(where)) listenOn(this.#server, where, backlog)
    else this.#server.listen({ backlog, ...where })
    await promise
    this.#server.off('error', reject)
  }

  /** The port it accepts on; null before `listen`, and on a Unix socket. */
  get port(): number | null {
    const address = this.#server.address()
    return address === null || typeof address === 'string' ? null : address.port
  }

  /**
   * From then on the system turns new clients away. Those that are here go on, and whoever waits in the backlog is let in first: he was
   * told that the port is open. libuv takes one of them in each turn of the event loop (measured with 1.52).
   */
  async stopAccepting(): Promise<void> {
    const untilMs = this.#house.nowMs() + backlogMs
    for (let before = -1; before !== this.#arrived && this.#house.nowMs() < untilMs;) {
      before = this.#arrived
      for (let turn = 0; turn < 2; turn++) await new Promise(setImmediate)
    }
    this.#closePort()
  }

  #closePort(): void {
    if (this.#server.listening) this.#server.close()
  }

  runStarting({ worker, run }: { readonly worker: number; readonly run: number }): void {
    this.#starting.set(run, worker)
  }

  runReady(serving: ServingRun): void {
    const run = this.#addRun(serving)
    if (run === null) return
    this.#desk.booted(run)
    this.#dispatcher.pump()
  }

  /** After a data plane's death. What its predecessor sent to these runs is unknown until no such request can still be wanted. */
  adopt(runs: readonly LiveRun[]): void {
    for (const { worker, run: id, serving } of runs) {
      if (serving === null) {
        this.runStarting({ worker, run: id })
        continue
      }
      const run = this.#addRun(serving)
      if (run === null) continue
      run.adopt(this.#house.nowMs() + this.#house.settings.requestTimeoutMs)
    }
    this.#sweepSoon()
    this.#dispatcher.pump()
  }

  /** Sends it no more. Resolves when its last request is answered (upgrades and event streams are not waited for), or when it has ended. */
  async drainRun(id: number): Promise<void> {
    const run = this.#dispatcher.runs.get(id)
    if (run === undefined) return
    run.draining = true
    this.#desk.ended(run)
    await this.#until(() => run.isDrained || !this.#dispatcher.runs.has(id))
    for (const connection of run.idle.splice(0)) connection.destroy()
  }

  /** Sends it no more for now: it may be about to die. */
  pauseRun(id: number): void {
    const run = this.#dispatcher.runs.get(id)
    if (run !== undefined) run.paused = true
  }

  resumeRun(id: number): void {
    const run = this.#dispatcher.runs.get(id)
    if (run === undefined) return
    run.paused = false
    this.#dispatcher.pump()
  }

  /** How many requests and upgrades the run holds; 0 for one that is not known. */
  heldBy(id: number): number {
    const run = this.#dispatcher.runs.get(id)
    return run === undefined ? 0 : run.listed.size + run.upgraded.size
  }

  /**
   * The run is reaped. Its requests are settled when `fenced` is, because until then its database session may hold locks that a repeat
   * would wait for. `RunSettled` is told once for each call, with nothing in it for a run that never served.
   */
  runExited(id: number, killed: boolean, incidentId: string | null, fenced: Promise<void>): void {
    this.#starting.delete(id)
    const run = this.#dispatcher.runs.get(id)
    if (run === undefined) {
      this.#house.outside.emit({ tag: 'RunSettled', run: id, requests: [], cause: null })
      return
    }
    if (run.exited) return
    run.exited = true
    run.exitedMs = this.#house.nowMs()
    this.#desk.ended(run)
    for (const exchange of run.listed) {
      if (exchange.sentMs >= 0) continue
      exchange.upstream?.destroy()
      exchange.upstream = null
      this.#dispatcher.again(exchange)
    }
    this.#dispatcher.pump()
    void this.#settle(run, { killed, incidentId }, fenced)
  }

  /** Finishes requests within `withinMs`; answers how many were cut. Upgrades and event streams are left to `stop`. */
  async drain(withinMs: number): Promise<number> {
    this.#house.draining = true
    this.#desk.drain()
    for (const client of this.#clients) client.closeIfIdle()
    await this.#until(() => !this.#isBusy(), withinMs)
    let cut = 0
    for (const client of this.#clients) if (client.stopWaiting()) cut++
    return cut
  }

  snapshot(): FrontDoorSnapshot {
    const { settings, tally, held, draining } = this.#house
    const nowMs = this.#house.nowMs()
    return {
      accepting: this.#server.listening,
      draining,
      connections: { open: this.#clients.size, limit: settings.maxConnections, dropped: tally.dropped },
      requests: requestsSnapshot(this.#house, this.#dispatcher.line.size, this.#desk.size),
      heldBodyBytes: held.total,
      starting: [...this.#starting.values()],
      runs: [...this.#dispatcher.runs.values()].map((run) => runSnapshot(run, nowMs)),
    }
  }

  stop(deadlineMs: number): Promise<Abandoned> {
    return (this.#stopped ??= this.#stop(deadlineMs))
  }

  async #stop(deadlineMs: number): Promise<Abandoned> {
    this.#closePort()
    const requests = await this.drain(0)
    for (const client of this.#clients) client.hangUp()
    await this.#until(() => this.#clients.size === 0, Math.max(0, deadlineMs - this.#house.nowMs()))
    this.#closed = true
    for (const client of this.#clients) client.destroy()
    for (const run of this.#dispatcher.runs.values()) for (const connection of run.connections) connection.destroy()
    this.#desk.stop()
    this.#cancelSweep?.()
    this.#cancelSweep = null
    return { requests, transactions: 0, processes: 0 }
  }

  async #settle(run: HoldingRun, death: Death, fenced: Promise<void>): Promise<void> {
    // The bound is the caller's; that the fence failed is told by the gateway.
    await fenced.catch(() => {})
    // What the run had written before it ended still lies in the sockets: an answer that is whole there is an answer.
    for (let turn = 0; turn < 2; turn++) await new Promise(setImmediate)
    this.#dispatcher.remove(run)
    settleRun(run, death, this.#house, this.#dispatcher, this.#desk)
    const others = [...this.#dispatcher.runs.values()].filter(({ draining, exited }) => !draining && !exited)
    // A fence may last longer than a boot: the run that was to take the suspects may serve already.
    for (const other of others) if (other.readyMs >= run.exitedMs) this.#desk.booted(other)
    // What replaces a draining run serves before that one ends: no boot comes after it.
    const newest = others.at(-1)
    if (run.draining && newest !== undefined) this.#desk.booted(newest)
    this.#dispatcher.pump()
    this.#wakeWaiters()
  }

  #addRun(serving: ServingRun): HoldingRun | null {
    this.#starting.delete(serving.run)
    if (this.#dispatcher.runs.has(serving.run)) return null
    const run = new Run<Exchange, Carrier>(serving, this.#house.nowMs())
    run.onLess = () => this.#wakeWaiters()
    this.#dispatcher.add(run)
    return run
  }

  #accept(socket: Socket): void {
    this.#arrived++
    this.#clients.add(new ClientConnection(socket, this.#house, this.#dispatcher))
    this.#sweepSoon()
  }

  #sweepSoon(): void {
    if (this.#cancelSweep !== null || this.#closed) return
    // A starved event loop runs timers before it reads sockets: nobody is judged late before what has arrived is read.
    this.#cancelSweep = this.#house.outside.clock.at(this.#house.nowMs() + sweepMs, () => setImmediate(() => this.#sweep()))
  }

  #sweep(): void {
    this.#cancelSweep = null
    if (this.#closed) return
    const nowMs = this.#house.nowMs()
    this.#dispatcher.sweep(nowMs)
    for (const client of this.#clients) if (client.dueMs <= nowMs) client.expire()
    if (this.#house.draining) {
      for (const client of this.#clients) client.closeIfIdle()
      this.#wakeWaiters()
    }
    this.#wakeWaiters()
    if (this.#clients.size > 0 || [...this.#dispatcher.runs.values()].some((run) => !run.isEmpty)) this.#sweepSoon()
  }

  #isBusy(): boolean {
    for (const client of this.#clients) if (client.isBusy) return true
    return false
  }

  #wakeWaiters(): void {
    for (const wake of this.#waiters) wake()
  }

  /** Resolves when `met` holds, or after `withinMs`. */
  async #until(met: () => boolean, withinMs = Infinity): Promise<void> {
    if (met()) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const wake = () => (met() ? resolve() : undefined)
    this.#waiters.add(wake)
    const { clock } = this.#house.outside
    const disarm = withinMs === Infinity ? () => {} : clock.at(clock.nowMs() + withinMs, resolve)
    await promise
    disarm()
    this.#waiters.delete(wake)
  }
}

function isHandle(where: BoundHandle | ListenOptions): where is BoundHandle {
  return 'getsockname' in where || 'open' in where
}
