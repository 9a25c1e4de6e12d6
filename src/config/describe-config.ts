import type { Config } from './config.ts'
import { flagOf, variableOf } from './option.ts'
import { optionNames, optionsTable, type OptionName } from './options-table.ts'
import { showOrigin } from './origin.ts'
import { showAddress } from './read-address.ts'
import { isSecretName, redact } from '../redact.ts'

/** The effective configuration as `bezel config` prints it: nothing secret in it. */
export interface ConfigDescription {
  readonly app: { readonly path: string; readonly framework: string; readonly server: string; readonly configFile: string | null }
  /** What one run gets beside bezel's own environment, secrets masked; `listens`: `{socket}`, `{port}`, or its own address. */
  readonly launch: {
    readonly environment: Readonly<Record<string, unknown>>
    readonly stopSignal: string
    readonly listens: string
  }
  readonly options: Readonly<Record<string, { readonly value: unknown; readonly origin: string }>>
  readonly databases: readonly DatabaseDescription[]
  readonly notices: readonly string[]
}

interface DatabaseDescription {
  readonly name: string
  readonly origin: string
  readonly through: 'gateway' | 'direct'
  /** `user@host:port/database`, or why it goes direct. */
  readonly detail: string
  readonly required: boolean
}

export function describeConfig({ app, server, workers, databases, notices, provenance }: Config): ConfigDescription {
  const { launch } = workers
  return {
    app: {
      path: app.path,
      framework: app.framework,
      server:
        server.tag === 'Command'
          ? (server.server ?? 'by command')
          : [server.server, server.version].filter((part) => part !== null).join(' '),
      configFile: app.configFile,
    },
    launch: {
      environment: Object.fromEntries(
        Object.entries({ ...launch.environment, ...workers.environment }).map(([key, value]) => [key, showNamed(key, value)]),
      ),
      stopSignal: launch.drainSignal,
      listens: launch.listens.tag === 'Own' ? showAddress(launch.listens.address) : `{${launch.listens.tag.toLowerCase()}}`,
    },
    options: Object.fromEntries(
      optionNames.map((name) => [name, { value: showOption(name, provenance.values[name]), origin: showOrigin(provenance.origins[name]) }]),
    ),
    databases: databases.map(({ name, origin, required, way }) => {
      if (way.tag === 'Direct') return { name, origin, through: 'direct', detail: way.why, required }
      const { user, host, port, database, sslmode } = way.settings.target
      return { name, origin, through: 'gateway', detail: `${user}@${host}:${port}/${database} (sslmode ${sslmode})`, required }
    }),
    notices,
  }
}

/** One option's value as it would stand in bezel.yml, secrets masked. */
function showOption(name: OptionName, value: unknown): unknown {
  const { kind, secret = false } = optionsTable[name]
  if (secret && value !== null) return '***'
  return mask(kind.show(value))
}

function mask(value: unknown): unknown {
  if (typeof value === 'string') return redact(value)
  if (Array.isArray(value)) return value.map((item, index) => (followsSecretFlag(value, index) ? '***' : mask(item)))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, showNamed(key, inner)]))
}

function showNamed(key: string, value: unknown): unknown {
  return isSecretName(key) ? '***' : mask(value)
}

/** `--password x`, as words of a command. */
function followsSecretFlag(words: readonly unknown[], index: number): boolean {
  const before = words[index - 1]
  return typeof before === 'string' && /^-[^=]*$/.test(before) && isSecretName(before)
}

/** How one option is written in each of its three places: for help, docs and errors. */
export function spellings(name: OptionName): { readonly flag: string | null; readonly variable: string | null } {
  const option = optionsTable[name]
  return { flag: flagOf(name, option), variable: variableOf(name, option) }
}
