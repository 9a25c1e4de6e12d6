import { lookup } from 'node:dns/promises'
import { realpathSync } from 'node:fs'
import { isIP } from 'node:net'
import { basename, dirname, join } from 'node:path'
import type { DatabaseRoute } from '../config/databases/database-route.ts'
import type { LiveRun } from '../link/messages.ts'
import type { Outside } from '../part.ts'
import { readConnections, type Connection } from '../system/connections.ts'
import { readDescendants } from '../system/proc-fs.ts'

/** Long enough after a worker is ready for its pool to have connected. */
const firstLookMs = 5_000

/** Later ones are found by this: it reads every socket of the machine. */
const lookEveryMs = 600_000

const maxProcessesPerRun = 256

/** A database behind the gateway, and everything that its server may be reached by. */
interface Guarded {
  readonly route: DatabaseRoute
  readonly variables: readonly string[]
  readonly addresses: ReadonlySet<string>
}

/**
 * Notices a worker that is connected to a database by itself although the gateway stands before it: an address in the app's own code, or
 * in a gem's settings, that no variable reaches. Such a session survives neither a restart of the database nor its worker's death. Each
 * server is told of once. A few seconds after a worker is ready, then rarely.
 */
export class BypassWatch {
  readonly #databases: readonly DatabaseRoute[]
  readonly #outside: Outside
  readonly #liveRuns: () => readonly LiveRun[]
  readonly #told = new Set<string>()
  #disarm: (() => void) | null = null
  #dueMs = Infinity
  #readyMs = -Infinity
  #stopped = false

  constructor(databases: readonly DatabaseRoute[], outside: Outside, liveRuns: () => readonly LiveRun[]) {
    this.#databases = databases
    this.#outside = outside
    this.#liveRuns = liveRuns
  }

  runReady(): void {
    this.#readyMs = this.#outside.clock.nowMs()
    this.#lookIn(firstLookMs)
  }

  stop(): void {
    this.#stopped = true
    this.#disarm?.()
  }

  #lookIn(ms: number): void {
    const atMs = this.#outside.clock.nowMs() + ms
    if (this.#stopped || atMs >= this.#dueMs) return
    this.#disarm?.()
    this.#dueMs = atMs
    this.#disarm = this.#outside.clock.at(atMs, () => {
      this.#dueMs = Infinity
      void this.look().finally(() => {
        // Whoever became ready meanwhile gets its time too.
        const sinceReadyMs = this.#outside.clock.nowMs() - this.#readyMs
        this.#lookIn(sinceReadyMs < firstLookMs ? firstLookMs : lookEveryMs)
      })
    })
  }

  /** One look at all runs that live. Never rejects. */
  async look(): Promise<void> {
    const guarded = await Promise.all(this.#databases.map(toGuarded))
    // A server that another database of the app goes to directly says nothing.
    const allowed = new Set(guarded.flatMap(({ route, addresses }) => (route.way.tag === 'Direct' ? [...addresses] : [])))
    for (const { worker, run, processGroup } of this.#liveRuns()) {
      const pids = [processGroup, ...readDescendants(processGroup, maxProcessesPerRun)]
      for (const connection of await readConnections(pids)) {
        const address = toAddress(connection)
        const bypassed = guarded.filter(({ route, addresses }) => route.way.tag === 'Gateway' && addresses.has(address))
        const [first] = bypassed
        if (first === undefined || allowed.has(address) || this.#told.has(address) || this.#stopped) continue
        this.#told.add(address)
        const names = bypassed.map(({ route }) => route.name)
        this.#outside.emit({ tag: 'GatewayBypassed', worker, run, databases: names, address, remedy: toRemedy(first) })
      }
    }
  }
}

async function toGuarded(route: DatabaseRoute): Promise<Guarded> {
  const { way } = route
  const server = way.tag === 'Gateway' ? way.settings.target : way.server
  const addresses = server === null ? [] : await addressesOf(server.host, server.port)
  return { route, variables: way.tag === 'Gateway' ? way.variables : [], addresses: new Set(addresses) }
}

async function addressesOf(host: string, port: number): Promise<string[]> {
  if (host.startsWith('/')) return [toAddress({ tag: 'Unix', path: join(host, `.s.PGSQL.${port}`) })]
  if (isIP(host) !== 0) return [toAddress({ tag: 'Tcp', host, port })]
  const found = await lookup(host, { all: true }).catch(() => [])
  return found.map(({ address }) => toAddress({ tag: 'Tcp', host: address, port }))
}

/** `10.0.0.5:5432`, or the path of a socket without links in it. */
function toAddress(connection: Connection): string {
  if (connection.tag === 'Tcp') return `${connection.host}:${connection.port}`
  try {
    return join(realpathSync(dirname(connection.path)), basename(connection.path))
  } catch {
    return connection.path
  }
}

function toRemedy({ route, variables }: Guarded): string[] {
  const names = variables.join(' or ')
  return [
    `let the app take the address from ${names}, which bezel sets for each worker`,
    `or say in bezel.yml that it is wanted: databases: { ${route.name}: { gateway: off } }`,
  ]
}
