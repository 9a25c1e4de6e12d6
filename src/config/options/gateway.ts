import * as z from 'zod'
import { gatewayDefaults as defaults } from '../../gateway/options.ts'
import { duration, integer, onOff, structure, type Kind } from '../kinds.ts'
import { option } from '../option.ts'

const hour = 3_600_000

/** What bezel.yml may say of one database, beside what the app's own configuration says. */
export interface DatabaseOverride {
  readonly url?: string | undefined
  readonly gateway?: boolean | undefined
  readonly pool_size?: number | undefined
  readonly required?: boolean | undefined
}

const overrides: Kind<Readonly<Record<string, DatabaseOverride>>> = structure(
  z.record(
    z.string().regex(/^[A-Za-z_]\w{0,62}$/),
    z.strictObject({
      url: z.string().min(1).optional(),
      gateway: onOff().schema.optional(),
      pool_size: z.int().min(1).max(10_000).optional(),
      required: z.boolean().optional(),
    }),
  ),
  'a map of database names to { url, gateway: on|off, pool_size, required: true|false }',
  {
    url: 'a database URL',
    gateway: 'on or off',
    pool_size: 'a whole number from 1 to 10000',
    required: 'true or false',
    '': 'a map of { url, gateway, pool_size, required }',
  },
)

export const gatewayOptions = {
  'gateway.enabled': option(onOff(), true, 'Whether PostgreSQL connections go through bezel.', { flag: '--gateway' }),
  'gateway.queue_limit': option(integer(1, 1_000_000), defaults.queueLimit, 'Clients that may wait for a connection to one server.'),
  'gateway.queue_deadline': option(
    duration(10, hour),
    defaults.queueDeadlineMs,
    'Longest wait for a server connection: longer than a database restart, or it becomes a wave of errors.',
  ),
  'gateway.connect_timeout': option(
    duration(10, hour),
    defaults.connectTimeoutMs,
    'Longest time to open one server connection, login included.',
  ),
  'gateway.connects_at_once': option(
    integer(1, 1_000),
    defaults.connectsAtOnce,
    'Server connections that may be opening at one server at a time.',
  ),
  'gateway.failures_to_open': option(
    integer(1, 1_000),
    defaults.failuresToOpen,
    "Failed attempts in a row that open a server's circuit breaker.",
  ),
  'gateway.retry_wait': option(
    duration(1, hour),
    defaults.backoff.baseMs,
    'Longest wait before the first new attempt at a server that is unreachable or full, or refused the login; doubles with each.',
  ),
  'gateway.retry_wait_most': option(duration(1, hour), defaults.backoff.capMs, 'Longest wait of all between attempts.'),
  'gateway.idle_timeout': option(
    duration(1_000, 24 * hour),
    defaults.idleTimeoutMs,
    'A pooled server connection is closed after this long without use.',
  ),
  'gateway.max_lifetime': option(duration(1_000, 30 * 24 * hour), defaults.lifetimeMs, 'A server connection is replaced after this age.'),
  'gateway.check_after_idle': option(
    duration(0, 24 * hour),
    defaults.checkAfterIdleMs,
    'A server connection that was idle for longer is checked before use.',
  ),
  'gateway.health_check_interval': option(
    duration(100, hour),
    defaults.healthCheckIntervalMs,
    'Time between health checks of a server, on a connection of their own.',
  ),
  'gateway.max_clients': option(integer(1, 1_000_000), defaults.maxClients, 'Client connections of one worker to one database.'),
  databases: option(overrides, {}, "Overrides of what the app's own configuration says of a database, by its name (primary, cache, ...).", {
    fileOnly: true,
  }),
}
