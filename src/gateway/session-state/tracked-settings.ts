import type { Effect, TaintKind } from './statement.ts'

type Change = Extract<Effect, { tag: 'Set' | 'Reset' | 'ResetAll' | 'Forget' }>

/** What RESET ALL leaves alone (`GUC_NO_RESET_ALL` in `src/backend/utils/misc/guc_tables.c`). */
const keptByResetAll: ReadonlySet<string> = new Set(['role', 'session_authorization'])

/**
 * The statements that set what is set in a session, by setting, in the order in which they were last given.
 * Inside a transaction they are noted, and count when it commits.
 */
export class TrackedSettings {
  #committed = new Map<string, Buffer>()
  #noted: Change[] = []
  /** Savepoints, and how much had been noted at each. */
  #savepoints: { readonly name: string; readonly noted: number }[] = []
  #bytes = 0

  get size(): number {
    return this.#committed.size
  }

  /** Of all statements together. */
  get bytes(): number {
    return this.#bytes
  }

  has(name: string): boolean {
    return this.#committed.has(name)
  }

  statements(): Iterable<Buffer> {
    return this.#committed.values()
  }

  note(change: Change): void {
    this.#noted.push(change)
  }

  savepoint(name: string): void {
    this.#savepoints.push({ name, noted: this.#noted.length })
  }

  /** The newest of a name: those after it go with it. */
  release(name: string): void {
    const at = this.#savepoints.findLastIndex((savepoint) => savepoint.name === name)
    if (at >= 0) this.#savepoints.length = at
  }

  rollbackTo(name: string): void {
    const at = this.#savepoints.findLastIndex((savepoint) => savepoint.name === name)
    if (at < 0) return
    this.#noted.length = this.#savepoints[at]!.noted
    this.#savepoints.length = at + 1
  }

  rollback(): void {
    if (this.#noted.length > 0) this.#noted = []
    if (this.#savepoints.length > 0) this.#savepoints = []
  }

  /** `forget` is told what kinds of taint the transaction took back. */
  commit(forget: (kind: TaintKind) => void): void {
    for (const change of this.#noted)
      if (change.tag === 'Forget') forget(change.kind)
      else this.#apply(change)
    this.rollback()
  }

  /** Outside a transaction. */
  put(name: string, sql: Buffer): void {
    this.#delete(name)
    this.#committed.set(name, sql)
    this.#bytes += sql.length
  }

  clear(): void {
    this.#committed.clear()
    this.#bytes = 0
    this.rollback()
  }

  #apply(change: Exclude<Change, { tag: 'Forget' }>): void {
    switch (change.tag) {
      case 'Set':
        // A new session user begins without a role.
        if (change.name === 'session_authorization') this.#delete('role')
        return this.put(change.name, change.sql)
      case 'Reset':
        this.#delete(change.name)
        if (change.name === 'session_authorization') this.#delete('role')
        // SET SESSION CHARACTERISTICS sets several, of which this may be one.
        if (change.name.startsWith('default_transaction_') && this.#hasCharacteristics()) this.put(change.name, change.sql)
        return
      case 'ResetAll':
        for (const name of this.#committed.keys()) if (!keptByResetAll.has(name)) this.#delete(name)
    }
  }

  #hasCharacteristics(): boolean {
    return [...this.#committed.keys()].some((name) => name.startsWith('session characteristics'))
  }

  #delete(name: string): void {
    this.#bytes -= this.#committed.get(name)?.length ?? 0
    this.#committed.delete(name)
  }
}
