import type { BackoffPolicy } from '../resilience/backoff.ts'
import type { ServerTarget } from './server-link/target.ts'

/** One database that the gateway stands before. */
export interface DatabaseSettings {
  /** The configuration's name for it: `primary`, `cache`, … */
  readonly name: string
  /** The server, and the login that a client of the private socket gets without being asked. */
  readonly target: ServerTarget
  /** Number in the name of its sockets, `.s.PGSQL.<port>`: one per database, so that a socket tells which database is meant. */
  readonly listenPort: number
  /**
   * Most server connections of this database, at least 1. Null: what the server allows, that is `max_connections`
   * less its reserved ones less 5, learnt at the first connection. Databases on one server share what it allows.
   */
  readonly poolSize: number | null
}

/** Settings of EnhancedDatabaseManager: complete, plain data. */
export interface GatewaySettings {
  readonly databases: readonly DatabaseSettings[]
  /** Longest wait for a server connection, in milliseconds: more than a database restart, a worker's boot and a fence. */
  readonly queueDeadlineMs: number
  /** Most clients that wait for a connection to one server at a time. */
  readonly queueLimit: number
  /** Longest time to open one server connection, TLS and login included, in milliseconds. */
  readonly connectTimeoutMs: number
  /** Most server connections that are being opened at one server at a time; more would queue for its CPU in the login. */
  readonly connectsAtOnce: number
  /** Failed attempts in a row that open a server's breaker; at least 1. */
  readonly failuresToOpen: number
  /** Waits between attempts at a server that is unreachable or full, or that refused the login. With full jitter the median wait is about a quarter of the cap. */
  readonly backoff: BackoffPolicy
  /** Longest time for a client from its connect to the end of its start-up message and password, in milliseconds. */
  readonly startupTimeoutMs: number
  /** A pooled server connection is closed after this long without use, in milliseconds. */
  readonly idleTimeoutMs: number
  /** A server connection is not leased again after this age, in milliseconds, less up to `lifetimeJitter` of it. */
  readonly lifetimeMs: number
  /** In [0, 1): spreads the end of connections that were opened together. */
  readonly lifetimeJitter: number
  /** A pooled connection that was idle for longer is asked whether it lives before it is leased, in milliseconds. */
  readonly checkAfterIdleMs: number
  /** Longest time for that answer, and for cleaning a session before it is pooled, in milliseconds. Slower ones are closed and replaced. */
  readonly checkTimeoutMs: number
  /** Time between health checks of a server, on a connection of their own, in milliseconds. */
  readonly healthCheckIntervalMs: number
  /** Longest time for one health check, in milliseconds. */
  readonly healthCheckTimeoutMs: number
  /** Longest time to end the sessions of a dead run, or of a dead predecessor, in milliseconds. */
  readonly fenceTimeoutMs: number
  /** Most bytes kept of what a client has sent and the server has not answered, to say what is in doubt; at least 1,024. */
  readonly maxUnansweredBytes: number
  /** Most client connections of one listener. */
  readonly maxClients: number
}

export const gatewayDefaults: GatewaySettings = {
  databases: [],
  queueDeadlineMs: 30_000,
  queueLimit: 1_000,
  connectTimeoutMs: 5_000,
  connectsAtOnce: 8,
  failuresToOpen: 3,
  backoff: { baseMs: 50, capMs: 500 },
  startupTimeoutMs: 15_000,
  idleTimeoutMs: 600_000,
  lifetimeMs: 3_600_000,
  lifetimeJitter: 0.1,
  checkAfterIdleMs: 30_000,
  checkTimeoutMs: 1_000,
  healthCheckIntervalMs: 10_000,
  healthCheckTimeoutMs: 2_000,
  fenceTimeoutMs: 1_000,
  maxUnansweredBytes: 65_536,
  maxClients: 10_000,
}
