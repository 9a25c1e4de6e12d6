import type { DatabaseRoute } from '../config/databases/database-route.ts'
import { BezelError } from '../errors.ts'
import type { ConnectionPoolHealth } from '../gateway/connection-pool-health.ts'
import type { Clock } from '../resilience/drive.ts'

export interface RequiredWait {
  readonly clock: Clock
  readonly withinMs: number
  /** What the gateway says of its pools now; asks for a newer answer too. */
  pools(): readonly ConnectionPoolHealth[]
}

const lookEveryMs = 100

/**
 * Waits for the databases that the configuration calls required; the others may be away, and bezel starts degraded.
 * Rejects with DATABASE_REQUIRED.
 */
export async function awaitRequiredDatabases(routes: readonly DatabaseRoute[], wait: RequiredWait): Promise<void> {
  const { clock, withinMs } = wait
  const required = routes.filter(({ required: isRequired, way }) => isRequired && way.tag === 'Gateway').map(({ name }) => name)
  const endMs = clock.nowMs() + withinMs
  for (;;) {
    const away = wait.pools().filter(({ database, lastConnectionTest }) => required.includes(database) && lastConnectionTest?.ok !== true)
    const unknown = required.length > 0 && wait.pools().length === 0
    if (away.length === 0 && !unknown) return
    if (clock.nowMs() >= endMs) throw refusal(away, required, withinMs)
    await new Promise<void>((resolve) => clock.at(clock.nowMs() + lookEveryMs, resolve))
  }
}

function refusal(away: readonly ConnectionPoolHealth[], required: readonly string[], withinMs: number): BezelError {
  const named = away.length > 0 ? away.map(({ database, server }) => `${database} at ${server}`).join(', ') : required.join(', ')
  return new BezelError('DATABASE_REQUIRED', `required, and not reachable within ${Math.round(withinMs / 1_000)} s: ${named}`, {
    remedy: [
      'see that PostgreSQL runs and that the address and the login are right',
      'or start without it: required: false in bezel.yml, under databases',
    ],
  })
}
