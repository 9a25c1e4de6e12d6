import type { Option } from './option.ts'
import { frontDoorOptions } from './options/front-door.ts'
import { gatewayOptions } from './options/gateway.ts'
import { operationOptions, recoveryOptions, validationOptions } from './options/rest.ts'
import { workersOptions } from './options/workers.ts'

/** Every option there is. Defaults, bezel.yml, flags, variables, help, schema and docs/configuration.md are made from this. */
const table = { ...workersOptions, ...frontDoorOptions, ...gatewayOptions, ...validationOptions, ...recoveryOptions, ...operationOptions }

type Table = typeof table
export type OptionName = keyof Table

/** A checked value for every option. */
export type Values = { readonly [Name in OptionName]: Table[Name] extends Option<infer Value> ? Value : never }

export const optionsTable: Readonly<Record<OptionName, Option<unknown>>> = table
export const optionNames = Object.keys(table) as readonly OptionName[]

/** `gateway: off` in bezel.yml is short for `gateway: { enabled: off }`. */
export const shorthands: Readonly<Record<string, OptionName>> = { gateway: 'gateway.enabled', validation: 'validation.mode' }

/** Headings of the help and of the docs, by the first word of a name. */
export const sections: Readonly<Record<string, string>> = {
  workers: 'Workers',
  front_door: 'Front door (HTTP)',
  gateway: 'Gateway (PostgreSQL)',
  databases: 'Gateway (PostgreSQL)',
  validation: 'Validation',
  ignore: 'Validation',
  incidents: 'Incidents',
  shutdown: 'Shutdown',
  admin: 'Admin',
  log: 'Logs',
}

export function isOptionName(name: string): name is OptionName {
  return Object.hasOwn(table, name)
}

export function sectionOf(name: OptionName): string {
  return sections[name.split('.')[0] ?? ''] ?? 'Other'
}
