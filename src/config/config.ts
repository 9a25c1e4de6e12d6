import type { FrontDoorSettings } from '../front-door/options.ts'
import type { GatewaySettings } from '../gateway/options.ts'
import type { RecoverySettings } from '../recovery/options.ts'
import type { ShutdownSettings } from '../shutdown/options.ts'
import type { ValidationSettings } from '../validation/options.ts'
import type { WorkersSettings } from '../workers/options.ts'
import type { DatabaseRoute } from './databases/database-route.ts'
import type { ServerChoice } from './detect/choose-server.ts'
import type { OptionName, Values } from './options-table.ts'
import type { Origin } from './origin.ts'

/** Everything that was typed, written, set and found: checked and complete. */
export interface Config {
  readonly app: AppConfig
  readonly server: ServerChoice
  /** All but where the runtime directory is. */
  readonly workers: Omit<WorkersSettings, 'runtimeDir'>
  /** Null in mode `cluster`: the app's own server owns its port. */
  readonly frontDoor: FrontDoorConfig | null
  /** Every database of the app; those that go direct too, with the reason. */
  readonly databases: readonly DatabaseRoute[]
  /** Null when it is off, or when no database goes through it. */
  readonly gateway: GatewaySettings | null
  readonly validation: ValidationConfig
  readonly recovery: RecoverySettings
  readonly shutdown: ShutdownSettings
  readonly admin: AdminConfig
  readonly log: LogConfig
  /** What is strange but stops nothing; to be logged as warnings. */
  readonly notices: readonly string[]
  readonly provenance: Provenance
}

export interface AppConfig {
  /** The app's folder: its real path. */
  readonly path: string
  readonly framework: 'rails' | 'rack' | 'unknown'
  /** bezel.yml that was read, absolute; null: none. */
  readonly configFile: string | null
}

export interface FrontDoorConfig {
  readonly host: string
  /** 0: a free one. */
  readonly port: number
  readonly accessLog: boolean
  readonly settings: FrontDoorSettings
}

export interface ValidationConfig {
  readonly mode: 'enforce' | 'warn' | 'off'
  readonly settings: ValidationSettings
}

export interface AdminConfig {
  /** TCP address beside the Unix socket in the runtime directory; null: none. */
  readonly listen: { readonly host: string; readonly port: number } | null
  readonly token: string | null
}

export interface LogConfig {
  readonly format: 'auto' | 'json' | 'text'
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  /** Absolute; null: standard error. */
  readonly file: string | null
}

/** What `bezel config` shows. */
export interface Provenance {
  readonly values: Values
  readonly origins: Readonly<Record<OptionName, Origin>>
}
