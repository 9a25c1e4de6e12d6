import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseOverride } from '../options/gateway.ts'
import { invalidUrl, readDatabaseUrl, type DatabaseUrl } from './database-url.ts'
import type { DatabaseRoute, StraightThere } from './database-route.ts'
import { systemSurroundings, type LibpqSurroundings } from './libpq-surroundings.ts'
import { readDatabaseYml, type RailsDatabase } from './read-database-yml.ts'
import { toServerTarget } from './server-target.ts'

export interface DatabaseSearch {
  readonly appDir: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly gateway: boolean
  readonly overrides: Readonly<Record<string, DatabaseOverride>>
  readonly ruby: string
  readonly timeoutMs: number
}

/** A database that the app will ask for, before it is decided how. */
interface Candidate {
  readonly name: string
  readonly origin: string
  readonly adapter: string
  /** Why no variable can lead it elsewhere, else null. */
  readonly fixed: string | null
  /** In libpq's key words. */
  readonly parameters: ReadonlyMap<string, string>
  readonly url: DatabaseUrl
  readonly variables: readonly string[]
}

const firstListenPort = 5432
const databaseUrlVariable = /^(?:(\w+)_)?DATABASE_URL$/
const postgresAdapters = new Set(['postgres', 'postgresql', 'postgis'])

/**
 * The app's databases: from config/database.yml by ActiveRecord's rules where there is one, else from `DATABASE_URL` and
 * `<NAME>_DATABASE_URL`; then what bezel.yml overrides. What isn't PostgreSQL is named and left alone.
 * @throws BezelError CONFIG_INVALID for a URL that can't be read
 */
export async function findDatabases(
  search: DatabaseSearch,
): Promise<{ readonly routes: readonly DatabaseRoute[]; readonly notices: readonly string[] }> {
  const { appDir, env, overrides } = search
  const notices: string[] = []
  let candidates = urlVariables(env).map(([variable, url]) => fromVariable(variable, url))
  if (existsSync(join(appDir, 'config/database.yml'))) {
    const read = await readDatabaseYml(search)
    if (read.tag === 'Read') candidates = read.databases.map((database) => fromRails(database, env))
    else
      notices.push(
        `config/database.yml can't be evaluated outside of the app (${read.why}); its databases are reached directly unless a DATABASE_URL names them`,
      )
  }
  for (const [name, { url }] of Object.entries(overrides)) {
    const known = candidates.find((candidate) => candidate.name === name)
    if (url === undefined) {
      if (known === undefined) notices.push(`bezel.yml overrides the database ${name}, which the app doesn't name`)
      continue
    }
    const where = `databases.${name}.url`
    const parsed = readDatabaseUrl(url, where)
    const next = {
      ...(known ?? fromVariable(variableFor(name), url)),
      name,
      origin: where,
      adapter: parsed.scheme,
      parameters: parsed.parameters,
    }
    candidates = [...candidates.filter((candidate) => candidate !== known), next]
  }
  const surroundings = systemSurroundings(env, appDir)
  let listenPort = firstListenPort
  const routes = candidates.map((candidate): DatabaseRoute => {
    const route = toRoute(candidate, search, surroundings, listenPort)
    if (route.way.tag === 'Gateway') listenPort++
    return route
  })
  return { routes, notices }
}

function toRoute(
  candidate: Candidate,
  { gateway, overrides }: DatabaseSearch,
  surroundings: LibpqSurroundings,
  listenPort: number,
): DatabaseRoute {
  const { name, origin, adapter, fixed, parameters, url, variables } = candidate
  const override = overrides[name] ?? {}
  const base = { name, origin, required: override.required ?? false }
  if (!postgresAdapters.has(adapter)) return { ...base, way: { tag: 'Direct', why: `${adapter} is not PostgreSQL`, server: null } }
  const direct = (why: string): DatabaseRoute => ({ ...base, way: { tag: 'Direct', why, server: serverOf(candidate, surroundings) } })
  if (!gateway) return direct('the gateway is off')
  if (override.gateway === false) return direct(`databases.${name}.gateway is off`)
  if (fixed !== null) return direct(fixed)
  const targeting = toServerTarget(parameters, origin, surroundings)
  if (targeting.tag === 'Beyond') return direct(targeting.why)
  const settings = { name, target: targeting.target, listenPort, poolSize: override.pool_size ?? null }
  return { ...base, way: { tag: 'Gateway', settings, url, variables } }
}

/** What the gateway leaves alone may hold what it would refuse. */
function serverOf({ parameters, origin }: Candidate, surroundings: LibpqSurroundings): StraightThere['server'] {
  try {
    const targeting = toServerTarget(parameters, origin, surroundings)
    return targeting.tag === 'Target' ? { host: targeting.target.host, port: targeting.target.port } : null
  } catch {
    return null
  }
}

/** `TEST_DATABASE_URL` is by convention for test runs only. */
function urlVariables(env: DatabaseSearch['env']): [string, string][] {
  return Object.entries(env).flatMap(([variable, url]): [string, string][] => {
    const match = databaseUrlVariable.exec(variable)
    return match === null || match[1] === 'TEST' || url === undefined || url === '' ? [] : [[variable, url]]
  })
}

function fromVariable(variable: string, url: string): Candidate {
  const name = databaseUrlVariable.exec(variable)?.[1]?.toLowerCase() ?? 'primary'
  // `sqlite3:db/x.sqlite3` has no slashes; with an `@` it is a login whose scheme was forgotten.
  const scheme = /^([a-z][a-z\d+.-]*):(?:\/\/|[^@]*$)/i.exec(url)?.[1]?.toLowerCase()
  if (scheme === undefined) throw invalidUrl(variable, 'has no scheme: it must begin like postgresql://')
  const parsed = postgresAdapters.has(scheme) ? readDatabaseUrl(url, variable) : { scheme, parameters: new Map<string, string>() }
  return { name, origin: variable, adapter: scheme, fixed: null, parameters: parsed.parameters, url: parsed, variables: [variable] }
}

function fromRails({ name, from, variable, url, settings }: RailsDatabase, env: DatabaseSearch['env']): Candidate {
  const text = (key: string): string | undefined => {
    const value = settings[key]
    return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
  }
  const adapter = text('adapter') ?? 'no adapter'
  const parameters = new Map<string, string>()
  for (const key of Object.keys(settings)) {
    const value = text(key)
    if (value !== undefined && value !== '') parameters.set(libpqName[key] ?? key, value)
  }
  const same = url === null ? [] : urlHolders(url, env)
  const origin = variable ?? `config/database.yml (${name})`
  const base = { name, origin, adapter, parameters }
  const postgres = postgresAdapters.has(adapter)
  if (from === 'yaml') {
    return { ...base, fixed: null, url: { scheme: adapter, parameters: new Map() }, variables: [variableFor(name)] }
  }
  const parsed = url === null || !postgres ? { scheme: adapter, parameters: new Map<string, string>() } : readDatabaseUrl(url, origin)
  const fixed =
    from === 'yaml-url' && same.length === 0 ? 'its url: stands in config/database.yml itself, where no variable can change it' : null
  return { ...base, fixed, url: parsed, variables: [...new Set([...(variable === null ? [] : [variable]), ...same])] }
}

const libpqName: Readonly<Record<string, string>> = { database: 'dbname', username: 'user' }

/** A `url: <%= ENV['X'] %>` beats `<NAME>_DATABASE_URL` in ActiveRecord: it is X that must be changed. */
function urlHolders(url: string, env: DatabaseSearch['env']): string[] {
  return Object.keys(env).filter((variable) => env[variable] === url)
}

function variableFor(name: string): string {
  return name === 'primary' ? 'DATABASE_URL' : `${name.toUpperCase()}_DATABASE_URL`
}
