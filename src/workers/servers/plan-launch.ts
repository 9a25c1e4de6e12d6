import { BezelError } from '../../errors.ts'
import type { Address } from '../../link/messages.ts'
import type { LaunchPlan } from '../options.ts'
import { falcon, pitchfork, unicorn } from './forking-servers.ts'
import { iodine } from './iodine.ts'
import { puma } from './puma.ts'
import { detectIn, loopback, type AppFacts, type Detected, type ServerName, type ServerRules } from './server-rules.ts'

export interface LaunchRequest {
  readonly mode: 'isolated' | 'cluster'
  /** A server by name, or an explicit command (with the server's name where it is known, for its habits). */
  readonly server:
    | { readonly tag: 'Known'; readonly server: ServerName }
    | { readonly tag: 'Command'; readonly command: readonly string[]; readonly server: ServerName | null }
  /** Null: by the server's own rules. */
  readonly threads: number | null
  /** Mode `cluster`: where the app's server listens; null: by its own rules. */
  readonly address: Address | null
  readonly app: AppFacts
}

const rules: Record<ServerName, ServerRules> = { iodine, puma, unicorn, pitchfork, falcon }

/** What is assumed of a server that nobody knows: as many threads as Puma, and hardly any patience with idle connections. */
const unknown: Pick<ServerRules, 'drainSignal' | 'restartSignal' | 'litter' | 'defaultThreads' | 'keepAliveTimeoutMs'> = {
  drainSignal: 'SIGTERM',
  restartSignal: null,
  litter: null,
  defaultThreads: (app) => detectIn(app, 'RAILS_MAX_THREADS') ?? { value: 5, from: 'assumed of a server that bezel does not know' },
  keepAliveTimeoutMs: () => 1_000,
}

/**
 * Decides how one run is started and stopped.
 * @throws BezelError CONFIG_INVALID where the mode can't work with this server, or nothing says where it listens
 */
export function planLaunch({ mode, server, threads, address, app }: LaunchRequest): LaunchPlan {
  const known = server.server === null ? null : rules[server.server]
  const habits = known ?? unknown
  const slots = threads ?? habits.defaultThreads(app).value
  const { drainSignal, restartSignal, litter } = habits
  const rest = { slots, drainSignal, restartSignal, litter, keepAliveTimeoutMs: habits.keepAliveTimeoutMs(app) }
  // Rails sizes its connection pool by this variable.
  const counted = threads === null ? {} : { RAILS_MAX_THREADS: String(threads) }
  if (mode === 'cluster') {
    const { command, environment } =
      server.tag === 'Command' ? { command: server.command, environment: {} } : rules[server.server].cluster(app)
    return {
      command,
      environment: { ...counted, ...environment },
      listens: { tag: 'Own', address: address ?? ownAddress(server.server, app) },
      ...rest,
    }
  }
  if (server.tag === 'Command') return { ...fromCommand(server.command), environment: counted, ...rest }
  const { isolated } = rules[server.server]
  if (isolated === null)
    throw new BezelError('CONFIG_INVALID', `${server.server} forks its own workers, so bezel can't hold one process of it as a worker`, {
      remedy: ['workers.mode: cluster', `or give a command that is one process: bezel run -- COMMAND`],
    })
  const { command, environment } = isolated(app, slots)
  return { command, environment: { ...counted, ...environment }, listens: { tag: 'Socket' }, ...rest }
}

/** `$PORT` and `${PORT}` are read as a shell would; without any place in the command the server is expected to read PORT. */
function fromCommand(command: readonly string[]): Pick<LaunchPlan, 'command' | 'listens'> {
  if (command.some((word) => word.includes('{socket}'))) return { command, listens: { tag: 'Socket' } }
  return { command: command.map((word) => word.replace(/\$PORT\b|\$\{PORT\}/g, '{port}')), listens: { tag: 'Port' } }
}

/** Threads of one run where nobody asked for a number. */
export function detectThreads(server: ServerName | null, app: AppFacts): Detected<number> {
  return (server === null ? unknown : rules[server]).defaultThreads(app)
}

/** Mode `cluster`: where the app's server listens by its own configuration; null: nothing says. */
export function detectAddress(server: ServerName | null, app: AppFacts): Detected<Address> | null {
  const own = server === null ? null : rules[server].clusterAddress(app)
  if (own !== null) return { value: own, from: `${server}'s own rules` }
  const port = detectIn(app, 'PORT')
  return port === null ? null : { value: loopback(port.value), from: port.from }
}

function ownAddress(server: ServerName | null, app: AppFacts): Address {
  const address = detectAddress(server, app)
  if (address !== null) return address.value
  throw new BezelError('CONFIG_INVALID', "in mode cluster the app's own server owns its port, and nothing says which it is", {
    remedy: ['workers.address: 127.0.0.1:3000', 'or set PORT'],
  })
}
