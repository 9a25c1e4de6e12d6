import { terminate } from '../../formats/pgwire/client-messages.ts'
import type { BreakerState } from '../../events/gateway.ts'
import type { Outside } from '../../part.ts'
import type { DatabaseSettings, GatewaySettings } from '../options.ts'
import { describeExhaustion } from '../pool/describe-exhaustion.ts'
import type { GatewayPorts } from '../ports.ts'
import { AwayCheck } from './away-check.ts'
import { decideFailure, type FailureVerdict } from './decide-failure.ts'
import { Reachability } from './reachability.ts'
import { ServerControl } from './server-control.ts'
import { ServerPool } from './server-pool.ts'

/** Connections that are left to the server's other users. */
const spareConnections = 5

/** One PostgreSQL server: its breaker, its control connection, and the pool of connections to its databases. */
export class DatabaseServer {
  readonly databases: readonly DatabaseSettings[]
  readonly control: ServerControl
  readonly reachability: Reachability
  readonly pool: ServerPool
  readonly #target: DatabaseSettings['target']
  readonly #settings: GatewaySettings
  readonly #outside: Outside
  readonly #ports: GatewayPorts
  readonly #awayCheck = new AwayCheck(() => this.#checkAway())
  readonly #failed = new Map<string, number>()
  #awaySinceMs: number | null = null
  #exhaustedAtMs = -Infinity

  /** All `databases` name the same host and port. */
  constructor(
    databases: readonly [DatabaseSettings, ...DatabaseSettings[]],
    settings: GatewaySettings,
    outside: Outside,
    ports: GatewayPorts,
  ) {
    this.databases = databases
    this.#target = databases[0].target
    this.#settings = settings
    this.#outside = outside
    this.#ports = ports
    const { failuresToOpen, backoff, connectTimeoutMs } = settings
    // An attempt ends by its own deadline first.
    const policy = { failuresToOpen, backoff, probeTimeoutMs: connectTimeoutMs + 1_000 }
    this.reachability = new Reachability(policy, outside, {
      probe: (era) => this.control.probe(era),
      changed: (state) => this.#reachabilityChanged(state),
    })
    this.control = new ServerControl(this.#target, settings, {
      ...ports,
      clock: outside.clock,
      reachability: this.reachability,
      limitLearnt: (limit) => this.pool.learnLimit(limit - spareConnections),
      failed: (verdict) => this.#noteFailure(databases[0].name, verdict),
    })
    this.pool = new ServerPool(settings, {
      ...ports,
      outside,
      control: this.control,
      reachability: this.reachability,
      capOf: (database) => this.#capOf(database),
      failed: (database, verdict) => this.#noteFailure(database, verdict),
      exhausted: (database) => this.#tellExhausted(database),
    })
  }

  /** Failed attempts to open a connection to a database, ever. */
  failedConnections(database: string): number {
    return this.#failed.get(database) ?? 0
  }

  /** Whether the server as a whole is away, asked of the server itself by a new connection; for a session that was told to end. */
  isAway(): Promise<boolean> {
    return this.#awayCheck.ask()
  }

  /** Why a database has no connection left: who holds what, how long, in which state. */
  diagnosis(database: string): readonly string[] {
    return describeExhaustion({
      pool: this.pool.state,
      database,
      cap: this.#capOf(database),
      error: this.reachability.error,
      describe: (lease) => this.pool.describeHolder(lease),
    })
  }

  stop(): void {
    this.pool.stop()
    this.control.stop()
    this.reachability.stop()
  }

  #capOf(name: string): number | null {
    return this.databases.find((database) => database.name === name)?.poolSize ?? null
  }

  async #checkAway(): Promise<boolean> {
    const { era } = this.reachability
    if (era === null) return true
    const options = { connectTimeoutMs: this.#settings.checkTimeoutMs, clock: this.#outside.clock }
    const link = await this.#ports.connectServer(this.#target, { application_name: 'bezel control' }, options)
    if (link.tag === 'Connected') {
      link.socket.on('error', () => {}).end(terminate)
      return false
    }
    const verdict = decideFailure(link)
    if (verdict.tag !== 'unreachable') return false
    this.#noteFailure(this.databases[0]?.name ?? '', verdict)
    this.reachability.failed(era, verdict.text)
    return true
  }

  #reachabilityChanged(state: BreakerState): void {
    const outside = this.#outside
    const { error, retryInMs } = this.reachability
    const awaySinceMs = this.#awaySinceMs
    const isNews = state === 'closed' || (state === 'open' && awaySinceMs === null)
    for (const { name: database } of this.databases) {
      outside.emit({ tag: 'BreakerChanged', database, state, error, retryInMs, isNews })
      if (state === 'open' && awaySinceMs === null) outside.emit({ tag: 'ServerLost', database, error: error ?? 'unknown' })
      if (state === 'closed' && awaySinceMs !== null)
        outside.emit({ tag: 'ServerBack', database, awayMs: outside.clock.nowMs() - awaySinceMs })
    }
    if (state === 'open') this.#awaySinceMs ??= outside.clock.nowMs()
    if (state === 'closed') this.#awaySinceMs = null
    this.pool.moveGate(state === 'closed' ? 'open' : 'shut')
  }

  #noteFailure(database: string, verdict: FailureVerdict): void {
    this.#failed.set(database, this.failedConnections(database) + 1)
    if (verdict.tag === 'refused') {
      this.#outside.emit({ tag: 'LoginRefused', database, sqlstate: verdict.sqlstate, message: verdict.text })
    }
  }

  /** A queue that overflows does so for many at once: one fact a second says it. */
  #tellExhausted(database: string): void {
    const nowMs = this.#outside.clock.nowMs()
    if (this.reachability.state !== 'closed' || nowMs - this.#exhaustedAtMs < 1_000) return
    this.#exhaustedAtMs = nowMs
    this.#outside.emit({ tag: 'PoolExhausted', database, waiting: this.pool.state.waiting.length, diagnosis: this.diagnosis(database) })
  }
}
