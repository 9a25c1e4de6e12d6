import type { ServerSession } from '../events/gateway.ts'
import type { Clock } from '../resilience/drive.ts'
import type { GatewayPorts } from './ports.ts'
import type { DatabaseServer } from './server/database-server.ts'
import { terminateBackends } from './server/terminate-backends.ts'

/**
 * Ends sessions that a dead gateway left on a server, so that no row stays locked: what runs is cancelled, then the backends are ended.
 * True when none is left. Nothing is done while the server is away: with the connection to it its sessions end by themselves.
 */
export async function endPredecessors(
  server: DatabaseServer,
  sessions: readonly ServerSession[],
  withinMs: number,
  clock: Clock,
  ports: Pick<GatewayPorts, 'sendCancel'>,
): Promise<boolean> {
  const deadlineMs = clock.nowMs() + withinMs
  const cancels = sessions.map(({ database, pid, secret }) => {
    const target = server.databases.find(({ name }) => name === database)?.target
    if (target === undefined) return null
    return ports.sendCancel(target, pid, Buffer.from(secret, 'hex'), { connectTimeoutMs: withinMs, clock })
  })
  const [verdict] = await Promise.all([server.control.open(), ...cancels])
  if (verdict !== null) return false
  // A process id may have been given again, to a session of ours.
  const own = new Set([...server.pool.pids, server.control.pid])
  const foreign = sessions.map(({ pid }) => pid).filter((pid) => !own.has(pid))
  return terminateBackends(server.control, foreign, Math.max(1, deadlineMs - clock.nowMs()), clock)
}
