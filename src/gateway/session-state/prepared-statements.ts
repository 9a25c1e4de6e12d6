import type { Statement } from './statement.ts'

/** A prepared statement, and how to make it again. */
export type Prepared =
  /** The body of its Parse message. */
  | { readonly tag: 'Parse'; readonly bytes: Buffer; readonly statement: Statement }
  /** The text of its PREPARE. */
  | { readonly tag: 'Sql'; readonly bytes: Buffer }

export interface PreparedLimits {
  readonly maxStatements: number
  /** Of all Parse messages and PREPARE texts of a session together. */
  readonly maxBytes: number
}

/** The prepared statements of a session by name (as bytes in Latin 1). Transactions don't take them back. */
export class PreparedStatements {
  #byName = new Map<string, Prepared>()
  #bytes = 0
  #limits: PreparedLimits

  constructor(limits: PreparedLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#byName.size
  }

  all(): Iterable<Prepared> {
    return this.#byName.values()
  }

  get(name: string): Prepared | undefined {
    return this.#byName.get(name)
  }

  /** False: over a limit, and not kept. */
  add(name: string, prepared: Prepared): boolean {
    this.delete(name)
    if (this.#byName.size >= this.#limits.maxStatements || this.#bytes + prepared.bytes.length > this.#limits.maxBytes) return false
    this.#byName.set(name, prepared)
    this.#bytes += prepared.bytes.length
    return true
  }

  delete(name: string): void {
    this.#bytes -= this.#byName.get(name)?.bytes.length ?? 0
    this.#byName.delete(name)
  }

  clear(): void {
    this.#byName.clear()
    this.#bytes = 0
  }
}
