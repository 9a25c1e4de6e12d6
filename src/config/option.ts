import type { Kind } from './kinds.ts'

/** One option: bezel.yml, flag, environment variable, help, schema and docs page are all made from it. */
export interface Option<Value> {
  readonly kind: Kind<Value>
  readonly fallback: Value
  /** One sentence, as it stands in `--help` and in the docs. */
  readonly help: string
  /** What a null fallback means to the reader of the docs: `one per CPU`. */
  readonly auto?: string
  /** Flag that is shorter than the one made from the name. */
  readonly flag?: string
  /** Only bezel.yml can hold it: no flag, no variable. */
  readonly fileOnly?: boolean
  /** Never printed. */
  readonly secret?: boolean
}

export function option<Value>(
  kind: Kind<Value>,
  fallback: NoInfer<Value>,
  help: string,
  more: Omit<Option<Value>, 'kind' | 'fallback' | 'help'> = {},
): Option<Value> {
  return { kind, fallback, help, ...more }
}

/** `workers.start_timeout` -> `--workers-start-timeout`, unless the option has a shorter one; null: none. */
export function flagOf(name: string, { flag, fileOnly = false }: Option<unknown>): string | null {
  return fileOnly ? null : (flag ?? `--${name.replace(/[._]/g, '-')}`)
}

/** `workers.start_timeout` -> `BEZEL_WORKERS_START_TIMEOUT`; null: none. */
export function variableOf(name: string, { fileOnly = false }: Option<unknown>): string | null {
  return fileOnly ? null : `BEZEL_${name.replace(/\./g, '_').toUpperCase()}`
}
