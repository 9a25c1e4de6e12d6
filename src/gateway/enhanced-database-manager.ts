import type { Socket } from 'node:net'
import { BezelError } from '../errors.ts'
import type { ServerSession } from '../events/gateway.ts'
import { clientRules } from '../formats/pgwire/walk-rules.ts'
import type { BoundHandle } from '../net/bound-handle.ts'
import type { Abandoned, Outside, Part } from '../part.ts'
import { within } from '../resilience/within.ts'
import type { ConnectionPoolHealth } from './connection-pool-health.ts'
import { createListener, type Listener } from './listener.ts'
import type { DatabaseSettings, GatewaySettings } from './options.ts'
import type { GatewayPorts } from './ports.ts'
import { endPredecessors } from './predecessor.ts'
import { DatabaseServer } from './server/database-server.ts'
import { decideFailure, type FailureVerdict } from './server/decide-failure.ts'
import { readPoolHealth } from './read-pool-health.ts'
import { connectServer } from './server-link/connect-server.ts'
import type { ConnectFailure } from './server-link/connect-failure.ts'
import { sendCancel } from './server-link/send-cancel.ts'
import { CancelKeys } from './session/cancel-keys.ts'
import { ClientSessions, type LeasesEnd, type RunClients } from './session/client-sessions.ts'
import { testConnection, type ConnectionTest } from './test-connection.ts'

export interface GatewaySnapshot {
  readonly pools: readonly ConnectionPoolHealth[]
  readonly clients: readonly RunClients[]
}

/** What a failure to connect means, and what the gateway does about it. */
export interface FailureHandling {
  readonly verdict: FailureVerdict['tag']
  readonly message: string
  /** When the next attempt is made, in milliseconds; null: as soon as a client asks. */
  readonly retryInMs: number | null
}

const realPorts: GatewayPorts = { connectServer, sendCancel }

/**
 * The gateway: PostgreSQL clients on private sockets, one listener for each run and database; a pool of server connections that outlives
 * clients, runs and servers. Session mode: a client has one server connection for as long as it stays.
 *
 *     const manager = new EnhancedDatabaseManager({ ...gatewayDefaults, databases }, outside)
 *     await manager.establishSafeConnection()
 *     await manager.listen(run, 'primary', handle)
 */
export class EnhancedDatabaseManager implements Part<GatewaySnapshot> {
  readonly #settings: GatewaySettings
  readonly #outside: Outside
  readonly #ports: GatewayPorts
  readonly #servers = new Map<string, DatabaseServer>()
  readonly #workers = new Map<number, number>()
  readonly #listeners = new Map<Listener, number>()
  readonly #sessions: ClientSessions
  readonly #endedRuns = new Set<number>()
  readonly #cancelKeys = new CancelKeys()
  readonly #clientRules
  #leases = 0
  #adopting: Promise<boolean> = Promise.resolve(true)
  #stopping: Promise<Abandoned> | null = null

  constructor(settings: GatewaySettings, outside: Outside, ports: Partial<GatewayPorts> = {}) {
    this.#settings = settings
    this.#outside = outside
    this.#sessions = new ClientSessions(outside.clock)
    this.#ports = { ...realPorts, ...ports }
    this.#clientRules = clientRules(settings.maxUnansweredBytes)
    const groups = Map.groupBy(settings.databases, ({ target }) => `${target.host}:${target.port}`)
    for (const [address, [first, ...others]] of groups) {
      if (first !== undefined) this.#servers.set(address, new DatabaseServer([first, ...others], settings, outside, this.#ports))
    }
  }

  /**
   * Tries each server once, and from then on keeps a control connection open to those that are there and checks it now and then.
   * A server that is away is a result, not an error: its clients wait.
   */
  async establishSafeConnection(): Promise<readonly ConnectionTest[]> {
    const startMs = this.#outside.clock.nowMs()
    const tests = [...this.#servers.values()].map(async ({ control, databases }) => {
      const verdict = await control.open()
      control.watch()
      const tookMs = this.#outside.clock.nowMs() - startMs
      return databases.map(({ name }) => ({ database: name, ok: verdict === null, error: verdict?.text ?? null, tookMs }))
    })
    return (await Promise.all(tests)).flat()
  }

  /** Tests every database on a connection of its own, with its own deadline: the pool and its clients notice nothing. Never rejects. */
  testConnectionSafety(): Promise<readonly ConnectionTest[]> {
    const { databases, healthCheckTimeoutMs } = this.#settings
    return Promise.all(databases.map((database) => testConnection(database, healthCheckTimeoutMs, this.#outside.clock, this.#ports)))
  }

  /** Says what a failed attempt to connect to a database means; an unreachable server counts towards its breaker. */
  handleConnectionFailure(error: { readonly database: string; readonly failure: ConnectFailure }): FailureHandling {
    const { reachability } = this.#serverOf(error.database)
    const verdict = decideFailure(error.failure)
    const { era } = reachability
    if (era !== null && verdict.tag === 'unreachable') reachability.failed(era, verdict.text)
    return { verdict: verdict.tag, message: verdict.text, retryInMs: reachability.retryInMs }
  }

  getConnectionHealthStatus(): readonly ConnectionPoolHealth[] {
    const nowMs = this.#outside.clock.nowMs()
    return this.#settings.databases.map((database) => readPoolHealth(database, this.#serverOf(database.name), nowMs))
  }

  /** Which worker a run belongs to: it stands in `application_name`. */
  runStarting({ worker, run }: { readonly worker: number; readonly run: number }): void {
    this.#workers.set(run, worker)
  }

  /**
   * Accepts clients of a run for a database, on a bound handle that doesn't listen yet, or on a path; connects wait in the backlog
   * while a predecessor's sessions are being ended. Rejects with the system's error, or DATABASE_UNKNOWN, or STOPPING.
   */
  async listen(run: number, database: string, where: BoundHandle | string): Promise<void> {
    const server = this.#serverOf(database)
    const settings = server.databases.find(({ name }) => name === database)
    if (settings === undefined) throw unknownDatabase(database)
    await this.#adopting
    if (this.#stopping !== null) throw new BezelError('STOPPING', `no listener for database ${database}: the gateway is stopping`)
    const listener = await createListener(where, this.#settings.maxClients, (socket) => this.#accept(socket, run, settings, server))
    this.#listeners.set(listener, run)
    server.control.watch()
    void server.control.open()
  }

  /**
   * The fence: ends all sessions of a run that is dead, so that no row stays locked by it. Resolves within `fenceTimeoutMs`;
   * at once for a server that is away.
   */
  async endLeases(run: number): Promise<LeasesEnd> {
    this.#endedRuns.add(run)
    this.#closeListeners(run)
    const end = await this.#sessions.endRun(run, this.#settings.fenceTimeoutMs)
    this.#workers.delete(run)
    this.#outside.emit({ tag: 'LeasesEnded', run, ...end })
    return end
  }

  /** Ends what a predecessor left on the servers; resolves within `fenceTimeoutMs`, true when nothing is left. */
  adopt(sessions: readonly ServerSession[]): Promise<boolean> {
    this.#adopting = this.#endPredecessors(sessions)
    return this.#adopting
  }

  /** Takes no new clients, ends each session once it has finished its transaction; resolves at the deadline at the latest, with how many have not. */
  drain(deadlineMs: number): Promise<number> {
    this.#closeListeners(null)
    return this.#sessions.drain(deadlineMs)
  }

  snapshot(): GatewaySnapshot {
    return { pools: this.getConnectionHealthStatus(), clients: this.#sessions.byRun() }
  }

  stop(deadlineMs: number): Promise<Abandoned> {
    this.#stopping ??= this.#stop(deadlineMs)
    return this.#stopping
  }

  async #stop(deadlineMs: number): Promise<Abandoned> {
    const { clock } = this.#outside
    const leftMs = Math.max(0, deadlineMs - clock.nowMs())
    // What is left of the time is for rolling back what must be cut.
    await this.drain(deadlineMs - Math.min(this.#settings.fenceTimeoutMs, leftMs / 4))
    const cut = await this.#sessions.cut(Math.max(0, deadlineMs - clock.nowMs()))
    for (const server of this.#servers.values()) server.stop()
    return { requests: 0, transactions: cut, processes: 0 }
  }

  async #endPredecessors(sessions: readonly ServerSession[]): Promise<boolean> {
    const { fenceTimeoutMs } = this.#settings
    const { clock } = this.#outside
    const ends = [...this.#servers.values()].map(async (server) => {
      const own = sessions.filter(({ database }) => server.databases.some(({ name }) => name === database))
      return own.length === 0 ? true : endPredecessors(server, own, fenceTimeoutMs, clock, this.#ports)
    })
    const ended = await within(clock, Promise.all(ends), fenceTimeoutMs)
    return ended?.every(Boolean) ?? false
  }

  #accept(socket: Socket, run: number, database: DatabaseSettings, server: DatabaseServer): void {
    if (this.#stopping !== null || this.#endedRuns.has(run)) return void socket.destroy()
    this.#sessions.open(socket, {
      run,
      database,
      server,
      settings: this.#settings,
      outside: this.#outside,
      cancelKeys: this.#cancelKeys,
      clientRules: this.#clientRules,
      worker: () => this.#workers.get(run) ?? null,
      nextLease: () => (this.#leases += 1),
    })
  }

  #closeListeners(ofRun: number | null): void {
    for (const [listener, run] of this.#listeners) {
      if (ofRun !== null && run !== ofRun) continue
      listener.close()
      this.#listeners.delete(listener)
    }
  }

  #serverOf(database: string): DatabaseServer {
    for (const server of this.#servers.values()) if (server.databases.some(({ name }) => name === database)) return server
    throw unknownDatabase(database)
  }
}

function unknownDatabase(database: string): BezelError {
  return new BezelError('DATABASE_UNKNOWN', `the gateway knows no database "${database}"`)
}
