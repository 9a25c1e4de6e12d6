import type { BreakerState } from '../events/gateway.ts'

/** The spec's ConnectionPoolHealth, one a database. */
export interface ConnectionPoolHealth {
  /** The configuration's name. */
  readonly database: string
  /** `host:port`, or the folder of the Unix socket and the port. */
  readonly server: string
  /** Most server connections; null until the server has said what it allows. */
  readonly poolSize: number | null
  /** Server connections that clients hold, or that are being prepared for the next. */
  readonly activeConnections: number
  readonly idleConnections: number
  /** Clients that wait for one. */
  readonly waitingClients: number
  /** Attempts to open a connection that failed, ever. */
  readonly failedConnections: number
  readonly circuitBreakerState: BreakerState
  /** Time since the last health check in milliseconds, and whether it succeeded; null before the first. */
  readonly lastConnectionTest: { readonly agoMs: number; readonly ok: boolean } | null
  /** Of the last health checks, in milliseconds; null before the first. */
  readonly averageResponseTime: number | null
}
