import type { Clock } from '../../resilience/drive.ts'
import type { GatewaySettings } from '../options.ts'
import type { GatewayPorts } from '../ports.ts'
import type { ServerTarget } from '../server-link/target.ts'
import { ControlConnection } from './control-connection.ts'
import { decideFailure, type FailureVerdict } from './decide-failure.ts'
import type { Reachability } from './reachability.ts'
import { ResponseTimes } from './response-times.ts'

export interface ServerControlPorts extends GatewayPorts {
  readonly clock: Clock
  readonly reachability: Reachability
  /** Connections that the server allows to ordinary logins. */
  limitLearnt(limit: number): void
  failed(verdict: FailureVerdict): void
}

/** What the server keeps for itself: its superusers and, from PostgreSQL 16, those with pg_use_reserved_connections. */
const allowed = `SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
  - coalesce(current_setting('reserved_connections', true), '0')::int`

export interface LastTest {
  /** Monotonic. */
  readonly atMs: number
  readonly ok: boolean
}

/** Keeps the control connection to one server open while the server is there, learns from it, and checks it now and then. */
export class ServerControl {
  readonly times = new ResponseTimes()
  lastTest: LastTest | null = null
  #target: ServerTarget
  #settings: GatewaySettings
  #ports: ServerControlPorts
  #connection: ControlConnection
  #attempt: Promise<FailureVerdict | null> | null = null
  #aborter = new AbortController()
  #disarm = () => {}
  #version: number | null = null

  constructor(target: ServerTarget, settings: GatewaySettings, ports: ServerControlPorts) {
    this.#target = target
    this.#settings = settings
    this.#ports = ports
    this.#connection = new ControlConnection(ports.clock, () => void this.open())
  }

  /** Null until a connection was open. */
  get majorVersion(): number | null {
    return this.#version
  }

  get pid(): number | null {
    return this.#connection.pid
  }

  /** Opens the connection if it isn't; one attempt at a time. Null: it is open. Repeats what fails until the breaker opens. */
  async open(): Promise<FailureVerdict | null> {
    for (;;) {
      if (this.#connection.open) return null
      const { era, error } = this.#ports.reachability
      if (this.#aborter.signal.aborted || era === null) return { tag: 'unreachable', text: error ?? 'stopped' }
      const verdict = await (this.#attempt ?? this.#begin(era))
      if (verdict?.tag !== 'unreachable') return verdict
    }
  }

  /** A probe for the breaker. An attempt from before it opened may still be under way: its answer doesn't count. */
  probe(era: number): void {
    void this.#begin(era)
  }

  ask(sql: string, withinMs: number): Promise<readonly (readonly (string | null)[])[] | null> {
    return this.#connection.ask(sql, withinMs)
  }

  /** Checks at once, and again after each interval. */
  watch(): void {
    const { clock } = this.#ports
    this.#disarm()
    this.#disarm = clock.at(clock.nowMs() + this.#settings.healthCheckIntervalMs, () => void this.#check().finally(() => this.watch()))
    if (this.#aborter.signal.aborted) this.#disarm()
  }

  stop(): void {
    this.#aborter.abort()
    this.#disarm()
    this.#connection.close()
  }

  #begin(era: number): Promise<FailureVerdict | null> {
    const attempt = this.#try(era).finally(() => {
      if (this.#attempt === attempt) this.#attempt = null
    })
    this.#attempt = attempt
    return attempt
  }

  async #check(): Promise<void> {
    await this.open()
    const { clock } = this.#ports
    const startMs = clock.nowMs()
    const rows = await this.ask('SELECT 1', this.#settings.healthCheckTimeoutMs)
    this.#noteTest(rows !== null, startMs)
  }

  #noteTest(ok: boolean, startMs: number): void {
    const nowMs = this.#ports.clock.nowMs()
    this.lastTest = { atMs: nowMs, ok }
    if (ok) this.times.note(nowMs - startMs)
  }

  async #try(era: number): Promise<FailureVerdict | null> {
    const { clock, connectServer, reachability } = this.#ports
    const { connectTimeoutMs } = this.#settings
    const link = await connectServer(
      this.#target,
      { application_name: 'bezel control' },
      { connectTimeoutMs, clock, signal: this.#aborter.signal },
    )
    if (link.tag !== 'Connected') {
      const verdict = decideFailure(link)
      this.#noteTest(false, clock.nowMs())
      if (this.#aborter.signal.aborted) return verdict
      this.#ports.failed(verdict)
      if (verdict.tag === 'unreachable') reachability.failed(era, verdict.text)
      else reachability.succeeded(era)
      return verdict
    }
    this.#connection.use(link)
    if (this.#aborter.signal.aborted) this.#connection.close()
    this.#version = this.#connection.majorVersion
    await this.#learn()
    reachability.succeeded(era)
    return null
  }

  async #learn(): Promise<void> {
    const startMs = this.#ports.clock.nowMs()
    const rows = await this.ask(allowed, this.#settings.healthCheckTimeoutMs)
    this.#noteTest(rows !== null, startMs)
    const limit = Number.parseInt(rows?.[0]?.[0] ?? '', 10)
    if (!Number.isNaN(limit)) this.#ports.limitLearnt(limit)
  }
}
