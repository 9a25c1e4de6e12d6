import type { ConnectionPoolHealth } from './connection-pool-health.ts'
import type { DatabaseSettings } from './options.ts'
import type { DatabaseServer } from './server/database-server.ts'

const activeLives = new Set(['Leased', 'Checking', 'Cleaning'])

/** What is known of one database's pool; asks nobody. */
export function readPoolHealth({ name, target, poolSize }: DatabaseSettings, server: DatabaseServer, nowMs: number): ConnectionPoolHealth {
  const { members, waiting, limit } = server.pool.state
  const own = members.filter(({ database }) => database === name)
  const { lastTest, times } = server.control
  return {
    database: name,
    server: `${target.host}:${target.port}`,
    poolSize: poolSize === null ? limit : Math.min(poolSize, limit ?? poolSize),
    activeConnections: own.filter(({ life }) => activeLives.has(life.tag)).length,
    idleConnections: own.filter(({ life }) => life.tag === 'Idle').length,
    waitingClients: waiting.filter(({ database }) => database === name).length,
    failedConnections: server.failedConnections(name),
    circuitBreakerState: server.reachability.state,
    lastConnectionTest: lastTest === null ? null : { agoMs: nowMs - lastTest.atMs, ok: lastTest.ok },
    averageResponseTime: times.averageMs,
  }
}
