import { query, terminate } from '../../formats/pgwire/client-messages.ts'
import type { Outside } from '../../part.ts'
import { drive, type Driver } from '../../resilience/drive.ts'
import type { GatewaySettings } from '../options.ts'
import type { Login } from '../pool/pool-key.ts'
import { createPoolMachine } from '../pool/pool.machine.ts'
import type { Member, Pool, PoolEffect, PoolEvent } from '../pool/pool-state.ts'
import type { GatewayPorts } from '../ports.ts'
import { cleanSession, untouched, type Boundary } from './clean-session.ts'
import { decideFailure, type FailureVerdict } from './decide-failure.ts'
import { exchange } from './exchange.ts'
import type { LeaseHolder } from './lease-holder.ts'
import { LoginOpener } from './login-opener.ts'
import type { Reachability } from './reachability.ts'
import { pooledRules, ServerConnection } from './server-connection.ts'
import type { ServerControl } from './server-control.ts'
import { terminateBackends } from './terminate-backends.ts'

export interface ServerPoolPorts extends GatewayPorts {
  readonly outside: Outside
  readonly control: ServerControl
  readonly reachability: Reachability
  /** The configured most of a database; null: only the server's limit counts. */
  capOf(database: string): number | null
  failed(database: string, verdict: FailureVerdict): void
  exhausted(database: string): void
}

/** How a lease ended. `unknown`: the server could not be brought to confirm it in time. */
export type LeaseEnd = 'clean' | 'terminated' | 'unknown'

/** The connections to one server: does what the pool machine decides. */
export class ServerPool {
  #settings: GatewaySettings
  #ports: ServerPoolPorts
  #opener: LoginOpener
  #pool: Driver<Pool, PoolEvent>
  #logins = new Map<string, Login>()
  #connections = new Map<number, ServerConnection>()
  #holders = new Map<number, LeaseHolder>()
  #refusals = new Map<string, Buffer>()
  #aborter = new AbortController()

  constructor(settings: GatewaySettings, ports: ServerPoolPorts) {
    this.#settings = settings
    this.#ports = ports
    const { clock } = ports.outside
    this.#opener = new LoginOpener(ports.connectServer, clock, settings.connectTimeoutMs)
    const policy = { ...settings, capOf: (database: string) => ports.capOf(database) }
    this.#pool = drive(
      createPoolMachine(policy),
      clock,
      () => ports.outside.random(),
      (effect) => this.#perform(effect),
    )
  }

  get state(): Pool {
    return this.#pool.state()
  }

  get pids(): number[] {
    return [...this.#connections.values()].map(({ pid }) => pid)
  }

  ask(lease: number, login: Login, untilMs: number, holder: LeaseHolder): void {
    this.#logins.set(login.key, login)
    this.#holders.set(lease, holder)
    this.#pool.send({ tag: 'Asked', lease, key: login.key, database: login.database, untilMs })
  }

  /** A connection that was granted in the meantime goes back. */
  withdraw(lease: number): void {
    this.#holders.delete(lease)
    this.#pool.send({ tag: 'Withdrawn', lease })
    const member = this.state.members.find(({ life }) => life.tag === 'Leased' && life.lease === lease)
    if (member !== undefined) void this.release(member.id, untouched)
  }

  moveGate(gate: 'open' | 'shut'): void {
    this.#pool.send({ tag: 'GateMoved', gate })
  }

  learnLimit(limit: number): void {
    this.#pool.send({ tag: 'LimitLearnt', limit })
  }

  describeHolder(lease: number): string {
    return this.#holders.get(lease)?.describe() ?? 'a client that is gone'
  }

  /** Takes a leased connection back: cleans it and pools it, or closes it and has the server end its session. */
  async release(id: number, boundary: Boundary): Promise<LeaseEnd> {
    const server = this.#connections.get(id)
    const member = this.#member(id)
    if (server === undefined || member?.life.tag !== 'Leased') return 'clean'
    this.#holders.delete(member.life.lease)
    this.#pool.send({ tag: 'Released', id })
    const { clock } = this.#ports.outside
    const clean = await cleanSession(server, boundary, { clock, withinMs: this.#settings.checkTimeoutMs, cancel: () => this.cancel(id) })
    if (clean) {
      this.#pool.send({ tag: 'Proved', id })
      return 'clean'
    }
    if (server.closed) return 'clean'
    server.close('its session could not be cleaned')
    return (await terminateBackends(this.#ports.control, [server.pid], this.#settings.checkTimeoutMs, clock)) ? 'terminated' : 'unknown'
  }

  /** Asks the server to cancel what a connection is running; resolves when that has been signalled, or could not be. */
  cancel(id: number): Promise<void> {
    const server = this.#connections.get(id)
    const login = this.#logins.get(this.#member(id)?.key ?? '')
    if (server === undefined || login === undefined) return Promise.resolve()
    const cancelling = this.#sendCancel(server, login)
    server.cancelling = cancelling
    return cancelling
  }

  stop(): void {
    this.#aborter.abort()
    this.#pool.send({ tag: 'Stop' })
    for (const server of this.#connections.values()) server.close('stopping', terminate)
    this.#pool.stop()
  }

  async #sendCancel(server: ServerConnection, login: Login): Promise<void> {
    const { outside, sendCancel } = this.#ports
    const before = server.cancelling
    await sendCancel(login.target, server.pid, server.secret, { connectTimeoutMs: this.#settings.checkTimeoutMs, clock: outside.clock })
    await before
  }

  #member(id: number): Member | undefined {
    return this.state.members.find((member) => member.id === id)
  }

  #perform(effect: PoolEffect): void {
    switch (effect.tag) {
      case 'Open':
        return void this.#open(effect.id, effect.key)
      case 'Grant': {
        const server = this.#connections.get(effect.id)
        if (server !== undefined) this.#holders.get(effect.lease)?.granted(effect.lease, effect.id, server)
        return
      }
      case 'Check':
        return void this.#check(effect.id)
      case 'Close':
        return this.#connections.get(effect.id)?.close(effect.why, terminate)
      case 'Refuse': {
        const { lease, why, key, database } = effect
        if (why === 'deadline' || why === 'queue-full') this.#ports.exhausted(database)
        this.#holders.get(lease)?.refused(lease, why, why === 'login-refused' ? (this.#refusals.get(key) ?? null) : null)
        this.#holders.delete(lease)
      }
    }
  }

  async #open(id: number, key: string): Promise<void> {
    const { control, reachability, outside } = this.#ports
    const login = this.#logins.get(key)
    if (control.majorVersion === null) await control.open()
    const { era } = reachability
    if (login === undefined || era === null) return this.#pool.send({ tag: 'OpenFailed', id, why: 'unreachable' })
    const link = await this.#opener.open(login, control.majorVersion, this.#aborter.signal)
    const { database } = login
    if (link.tag !== 'Connected') {
      const verdict = decideFailure(link)
      if (verdict.tag === 'refused') this.#refusals.set(key, verdict.bytes)
      this.#ports.failed(database, verdict)
      // The breaker first: the pool would try again at once.
      if (verdict.tag === 'unreachable') reachability.failed(era, verdict.text)
      else reachability.succeeded(era)
      this.#pool.send({ tag: 'OpenFailed', id, why: verdict.tag })
      return this.#forgetUnused()
    }
    reachability.succeeded(era)
    const server = new ServerConnection(link, pooledRules, (why) => {
      this.#connections.delete(id)
      outside.emit({ tag: 'ServerSessionClosed', database, pid: link.pid, why })
      this.#pool.send({ tag: 'Lost', id })
      this.#forgetUnused()
    })
    if (server.closed || this.#member(id) === undefined) return server.close('no longer wanted', terminate)
    this.#connections.set(id, server)
    outside.emit({ tag: 'ServerSessionOpened', session: { database, pid: server.pid, secret: server.secret.toString('hex'), run: null } })
    this.#pool.send({ tag: 'Opened', id })
  }

  async #check(id: number): Promise<void> {
    const server = this.#connections.get(id)
    if (server === undefined) return
    const answers = await exchange(server, query(';'), { readies: 1 }, this.#settings.checkTimeoutMs, this.#ports.outside.clock)
    if (answers === null) server.close('did not answer a check in time')
    else this.#pool.send({ tag: 'Proved', id })
  }

  /** Clients choose their start-up settings, so logins are kept no longer than they are used. */
  #forgetUnused(): void {
    const { members, waiting, refused } = this.state
    const used = new Set([...members, ...waiting, ...refused].map(({ key }) => key))
    for (const key of this.#logins.keys()) {
      if (used.has(key)) continue
      this.#logins.delete(key)
      this.#refusals.delete(key)
    }
  }
}
