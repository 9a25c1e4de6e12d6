import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Client, type ClientConfig } from 'pg'
import type { BezelEvent } from '../../src/events.ts'
import { EnhancedDatabaseManager } from '../../src/gateway/enhanced-database-manager.ts'
import { gatewayDefaults, type DatabaseSettings, type GatewaySettings } from '../../src/gateway/options.ts'
import type { GatewayPorts } from '../../src/gateway/ports.ts'
import type { ServerTarget } from '../../src/gateway/server-link/target.ts'
import type { Clock } from '../../src/resilience/drive.ts'
import { systemClock } from '../../src/system/clock.ts'
import type { ManualClock } from './manual-clock.ts'
import type { TestPostgres } from './postgres.ts'

export interface TestGateway extends AsyncDisposable {
  readonly manager: EnhancedDatabaseManager
  readonly events: readonly BezelEvent[]
  /** The folder of a run's sockets; run 1 listens for every database from the start. */
  socketDir(run?: number): string
  listen(run: number): Promise<void>
  /** A connected client of run 1; ended with the gateway. */
  connect(config?: ClientConfig & { readonly run?: number }): Promise<Client>
  /** Timers of the gateway that are set. */
  armed(): number
  /** Resolves when it is so; rejects after 20 s. */
  until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void>
}

/** How the gateway logs in to a test server. */
export function targetOf(postgres: TestPostgres): ServerTarget {
  const { socketDir: host, port, user, password, database } = postgres
  return { host, port, user, password, database, sslmode: 'disable' }
}

export interface GatewayOptions extends Partial<GatewaySettings> {
  readonly poolSize?: number
  /** Default: the machine's. Sockets and the server go on by themselves, whatever clock the gateway reads. */
  readonly clock?: ManualClock
  /** Default: `Math.random`. */
  readonly random?: () => number
  readonly ports?: Partial<GatewayPorts>
  /** Hears each fact when it is told. */
  readonly heard?: (fact: BezelEvent) => void
}

/** A gateway before one real PostgreSQL, or before the databases given in `options`. */
export async function startGateway(postgres: TestPostgres, options: GatewayOptions = {}): Promise<TestGateway> {
  const { poolSize = null, clock: turned, random = Math.random, ports, heard, ...settings } = options
  const ground: Clock = turned ?? systemClock
  const primary: DatabaseSettings = { name: 'primary', target: targetOf(postgres), listenPort: 5432, poolSize }
  const databases = settings.databases ?? [primary]
  const folder = await mkdtemp('/tmp/bz-gw-')
  const events: BezelEvent[] = []
  const clients: Client[] = []
  const alarms = new Set<object>()
  const clock: Clock = {
    nowMs: () => ground.nowMs(),
    at(atMs, call) {
      const alarm = {}
      alarms.add(alarm)
      const disarm = ground.at(atMs, () => {
        alarms.delete(alarm)
        call()
      })
      return () => {
        alarms.delete(alarm)
        disarm()
      }
    },
  }
  const emit = (event: BezelEvent) => {
    events.push(event)
    heard?.(event)
  }
  const outside = { clock, random, emit }
  const manager = new EnhancedDatabaseManager({ ...gatewayDefaults, ...settings, databases }, outside, ports)
  const socketDir = (run = 1) => join(folder, String(run))
  const listen = async (run: number) => {
    await mkdir(socketDir(run))
    manager.runStarting({ worker: run, run })
    for (const { name, listenPort } of databases) await manager.listen(run, name, join(socketDir(run), `.s.PGSQL.${listenPort}`))
  }
  await manager.establishSafeConnection()
  await listen(1)
  return {
    manager,
    events,
    socketDir,
    armed: () => alarms.size,
    listen,
    async connect({ run = 1, ...config } = {}) {
      const client = new Client({ host: socketDir(run), port: 5432, user: postgres.user, database: postgres.database, ...config })
      client.on('error', () => {})
      await client.connect()
      clients.push(client)
      return client
    },
    async until(what, isSo) {
      const deadlineMs = performance.now() + 20_000
      while (!(await isSo())) {
        if (performance.now() > deadlineMs) throw new Error(`not within 20 s: ${what}`)
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(clients.map((client) => client.end().catch(() => {})))
      let stopped = false
      const stopping = manager.stop(ground.nowMs() + 5_000).finally(() => (stopped = true))
      while (turned !== undefined && !stopped) {
        turned.turn(20)
        await new Promise((resolve) => setTimeout(resolve, 2))
      }
      await stopping
      await rm(folder, { recursive: true, force: true })
    },
  }
}
