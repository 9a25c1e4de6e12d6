import type { DatabaseSettings } from '../../gateway/options.ts'
import type { DatabaseUrl } from './database-url.ts'
import { workerDatabaseUrl } from './worker-database-url.ts'

/** One database of the app, and the way its connections take. */
export interface DatabaseRoute {
  /** ActiveRecord's name for it: `primary`, `cache`, … */
  readonly name: string
  /** `DATABASE_URL`, `config/database.yml`, `bezel.yml`. */
  readonly origin: string
  /** Whether bezel must not start without it; the default is to start degraded. */
  readonly required: boolean
  readonly way: ThroughGateway | StraightThere
}

export interface StraightThere {
  readonly tag: 'Direct'
  readonly why: string
  /** Null: no PostgreSQL, or where it is can't be told from outside. */
  readonly server: { readonly host: string; readonly port: number } | null
}

export interface ThroughGateway {
  readonly tag: 'Gateway'
  readonly settings: DatabaseSettings
  /** What the worker's own URL keeps of the app's. */
  readonly url: DatabaseUrl
  /** Variables of the worker that get its URL. */
  readonly variables: readonly string[]
}

/** The variables that lead a worker's databases to the gateway's sockets in `socketDir`, an absolute path. */
export function workerDatabaseVariables(routes: readonly DatabaseRoute[], socketDir: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    routes.flatMap(({ way }) =>
      way.tag === 'Direct'
        ? []
        : way.variables.map((variable) => [variable, workerDatabaseUrl(way.url, way.settings.target, socketDir, way.settings.listenPort)]),
    ),
  )
}
