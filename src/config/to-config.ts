import { isAbsolute, join } from 'node:path'
import { frontDoorDefaults } from '../front-door/options.ts'
import { gatewayDefaults } from '../gateway/options.ts'
import { recoveryDefaults } from '../recovery/options.ts'
import { validationDefaults } from '../validation/options.ts'
import { workersDefaults, type LaunchPlan } from '../workers/options.ts'
import type { Config, FrontDoorConfig } from './config.ts'
import type { DatabaseRoute } from './databases/database-route.ts'
import type { AppFolder } from './detect/detect-app.ts'
import type { Values } from './options-table.ts'
import { readAddress } from './read-address.ts'

const mb = 2 ** 20

export interface Found {
  readonly app: AppFolder
  readonly launch: LaunchPlan
  readonly count: number
  readonly port: number
  readonly databases: readonly DatabaseRoute[]
  /** The environment that the app gets. */
  readonly env: Readonly<Record<string, string>>
}

/** The parts' settings from the flat options and from what was found. */
export function toConfig(values: Values, found: Found): Omit<Config, 'notices' | 'provenance' | 'app' | 'server'> {
  const { app, databases, env } = found
  const inApp = (path: string): string => (isAbsolute(path) ? path : join(app.path, path))
  const through = databases.flatMap(({ way }) => (way.tag === 'Gateway' ? [way.settings] : []))
  const listen = values['admin.listen'] === null ? null : readAddress(values['admin.listen'])
  const logFile = values['log.file']
  return {
    workers: toWorkers(values, found),
    frontDoor: values['workers.mode'] === 'isolated' ? toFrontDoor(values, found.port) : null,
    databases,
    gateway: through.length === 0 ? null : { ...gatewayDefaults, databases: through, ...gatewayValues(values) },
    validation: {
      mode: values['validation.mode'],
      settings: {
        ...validationDefaults,
        appPath: app.path,
        env,
        rubyPath: values['validation.ruby'],
        probe: values['validation.probe'],
        probeTimeoutMs: values['validation.probe_timeout'],
        ignore: values.ignore,
      },
    },
    recovery: { ...recoveryDefaults, incidentsDir: inApp(values['incidents.folder']), keepIncidents: values['incidents.keep'] },
    shutdown: { deadlineMs: values['shutdown.deadline'] },
    admin: { listen: listen?.tag === 'Tcp' ? { host: listen.host, port: listen.port } : null, token: values['admin.token'] },
    log: { format: values['log.format'], level: values['log.level'], file: logFile === null ? null : inApp(logFile) },
  }
}

function toWorkers(values: Values, { app, count, launch }: Found): Config['workers'] {
  const toMb = (bytes: number | null) => (bytes === null ? null : bytes / mb)
  return {
    ...workersDefaults,
    mode: values['workers.mode'],
    count,
    launch,
    cwd: app.path,
    environment: values['workers.env'],
    readiness: {
      ...workersDefaults.readiness,
      path: values['workers.ready_path'],
      host: values['workers.ready_host'],
      acceptStatus: values['workers.ready_statuses'],
    },
    startTimeoutMs: values['workers.start_timeout'],
    drainTimeoutMs: values['workers.drain_timeout'],
    stopTimeoutMs: values['workers.stop_timeout'],
    restart: {
      ...workersDefaults.restart,
      backoff: { baseMs: values['workers.restart_wait'], capMs: values['workers.restart_wait_most'] },
      stableAfterMs: values['workers.stable_after'],
      failuresToGiveUp: values['workers.give_up_after'],
      concurrentBoots: values['workers.boots_at_once'],
    },
    memory: {
      ...workersDefaults.memory,
      softLimitMb: toMb(values['workers.memory_soft']),
      hardLimitMb: toMb(values['workers.memory_hard']),
      cgroupShare: values['workers.memory_share'],
    },
    oomScoreAdj: values['workers.oom_score_adj'],
  }
}

function toFrontDoor(values: Values, port: number): FrontDoorConfig {
  return {
    host: values['front_door.host'],
    port,
    accessLog: values['front_door.access_log'],
    settings: {
      ...frontDoorDefaults,
      maxConnections: values['front_door.max_clients'],
      backlog: values['front_door.backlog'],
      maxHeadBytes: values['front_door.max_head'],
      maxTargetBytes: values['front_door.max_target'],
      maxHeaders: values['front_door.max_headers'],
      maxBodyBytes: values['front_door.max_body'],
      holdBodyBytes: values['front_door.held_body'],
      holdTotalBytes: values['front_door.held_bodies'],
      headTimeoutMs: values['front_door.head_timeout'],
      idleTimeoutMs: values['front_door.idle_timeout'],
      bodyTimeoutMs: values['front_door.body_timeout'],
      requestTimeoutMs: values['front_door.request_deadline'],
      queueLimit: values['front_door.queue_limit'],
      queueTimeoutMs: values['front_door.queue_deadline'],
      repeatMethods: values['front_door.repeat_methods'],
      trustedPeers: values['front_door.trusted_proxies'],
    },
  }
}

function gatewayValues(values: Values): Partial<NonNullable<Config['gateway']>> {
  return {
    queueDeadlineMs: values['gateway.queue_deadline'],
    queueLimit: values['gateway.queue_limit'],
    connectTimeoutMs: values['gateway.connect_timeout'],
    connectsAtOnce: values['gateway.connects_at_once'],
    failuresToOpen: values['gateway.failures_to_open'],
    backoff: { baseMs: values['gateway.retry_wait'], capMs: values['gateway.retry_wait_most'] },
    idleTimeoutMs: values['gateway.idle_timeout'],
    lifetimeMs: values['gateway.max_lifetime'],
    checkAfterIdleMs: values['gateway.check_after_idle'],
    healthCheckIntervalMs: values['gateway.health_check_interval'],
    maxClients: values['gateway.max_clients'],
  }
}
