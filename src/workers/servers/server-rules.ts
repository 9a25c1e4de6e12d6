import type { Address } from '../../link/messages.ts'
import type { DrainSignal, LaunchPlan, RestartSignal } from '../options.ts'

/** App servers whose command bezel can build or whose habits it knows. */
export type ServerName = 'iodine' | 'puma' | 'unicorn' | 'pitchfork' | 'falcon'

/** A value that nobody stated to bezel, and what it was taken from: `RAILS_MAX_THREADS`, `config/puma.rb`, a server's default. */
export interface Detected<Value> {
  readonly value: Value
  readonly from: string
}

/** What of an app decides how its server is started. */
export interface AppFacts {
  /** Gem name -> locked version; empty without a lock. */
  readonly gems: ReadonlyMap<string, string>
  /** Whether commands go through `bundle exec`. */
  readonly hasBundle: boolean
  /** The app's own environment, with what its configuration adds. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** CPUs that the app may use. */
  readonly cpus: number
  /** The text of a file, by its path from the app's folder; null: there is none. */
  readText(path: string): string | null
}

/** One server's rules. Threads are those of one process. */
export interface ServerRules {
  readonly drainSignal: DrainSignal
  /** As `LaunchPlan.restartSignal`. */
  readonly restartSignal: RestartSignal | null
  /** As `LaunchPlan.litter`. */
  readonly litter: string | null
  /** Threads where nobody asked for a number. */
  defaultThreads(app: AppFacts): Detected<number>
  keepAliveTimeoutMs(app: AppFacts): number
  /** Null: this server always forks, so one process can't be a worker. */
  isolated: ((app: AppFacts, threads: number) => Pick<LaunchPlan, 'command' | 'environment'>) | null
  cluster(app: AppFacts): Pick<LaunchPlan, 'command' | 'environment'>
  /** Where the app's own configuration makes it listen; null: can't be told from outside. */
  clusterAddress(app: AppFacts): Address | null
}

/** `bundle exec` where there is a bundle: the app's locked gems, and no others. */
export function inBundle(app: AppFacts, ...command: readonly string[]): readonly string[] {
  return app.hasBundle ? ['bundle', 'exec', ...command] : command
}

/** The first positive whole number in the app's environment under one of these names. */
export function detectIn(app: AppFacts, ...names: readonly string[]): Detected<number> | null {
  for (const name of names) {
    const text = app.environment[name]
    if (text !== undefined && /^[1-9]\d{0,4}$/.test(text)) return { value: Number(text), from: name }
  }
  return null
}

export function numberIn(app: AppFacts, ...names: readonly string[]): number | null {
  return detectIn(app, ...names)?.value ?? null
}

/** Servers listen on all interfaces; from here the loopback reaches them. */
export function loopback(port: number): Address {
  return { tag: 'Tcp', host: '127.0.0.1', port }
}
