import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { workerDatabaseVariables, type DatabaseRoute } from '../config/databases/database-route.ts'
import { BezelError } from '../errors.ts'
import type { ListenerPurpose } from '../link/messages.ts'
import { bindUnix, type BoundHandle } from '../net/bound-handle.ts'

/** Lets the data plane listen; resolves once it does. */
export type Listen = (purpose: ListenerPurpose, handle: BoundHandle) => Promise<void>

/**
 * A folder of sockets for each run, so that no left-over child of an older run can pass as a newer one: one
 * `.s.PGSQL.<port>` a database, which is where libpq looks (libpq, "Connection Strings").
 */
export class GatewaySockets {
  readonly #runtimeDir: string
  readonly #routes: readonly DatabaseRoute[]
  readonly #listen: Listen

  constructor(runtimeDir: string, routes: readonly DatabaseRoute[], listen: Listen) {
    this.#runtimeDir = runtimeDir
    this.#routes = routes
    this.#listen = listen
  }

  /** Opens the sockets of a run and answers the variables that lead it there. Throws SYSTEM_REFUSED. */
  async open(worker: number, run: number): Promise<Readonly<Record<string, string>>> {
    const folder = this.#folderOf(run)
    mkdirSync(folder, { mode: 0o700 })
    for (const { name, way } of this.#routes) {
      if (way.tag !== 'Gateway') continue
      const path = join(folder, `.s.PGSQL.${way.settings.listenPort}`)
      const bound = bindUnix(path)
      if (bound.tag === 'Failed') throw new BezelError('SYSTEM_REFUSED', `cannot make the socket ${path}: ${bound.code}`)
      await this.#listen({ tag: 'Gateway', worker, run, database: name }, bound.handle)
    }
    return workerDatabaseVariables(this.#routes, folder)
  }

  /** Removes what is left of a run's folder; its handles are closed by who keeps them. */
  close(run: number): void {
    rmSync(this.#folderOf(run), { recursive: true, force: true })
  }

  #folderOf(run: number): string {
    return join(this.#runtimeDir, `g${run}`)
  }
}
