import type { Expected } from './answer-queue.ts'
import { PreparedStatements, type Prepared, type PreparedLimits } from './prepared-statements.ts'
import type { Statement } from './statement.ts'
import { Taints } from './taints.ts'
import { TrackedSettings } from './tracked-settings.ts'

export interface SessionLimits extends PreparedLimits {
  readonly maxSettings: number
}

/** What statements have made of a session: settings and prepared statements, and what can't be recreated. */
export class SessionContents {
  readonly settings = new TrackedSettings()
  readonly prepared: PreparedStatements
  readonly taints = new Taints()
  #limits: SessionLimits

  constructor(limits: SessionLimits) {
    this.#limits = limits
    this.prepared = new PreparedStatements(limits)
  }

  /** A statement was sent: whatever becomes of it, it may have tainted the session. */
  sent({ effect, taint }: Statement): void {
    if (taint !== null) this.taints.add(taint)
    if (effect.tag === 'Prepare' && effect.body.taint !== null) this.taints.add({ kind: 'other', what: effect.body.taint.what })
    if (effect.tag !== 'Execute') return
    // EXECUTE of what Parse has prepared: that may be any statement.
    const prepared = this.prepared.get(effect.name)
    const inner = prepared?.tag === 'Parse' ? prepared.statement : null
    if (inner !== null && (inner.taint !== null || inner.effect.tag !== 'Nothing'))
      this.taints.add({ kind: 'other', what: `EXECUTE ${effect.name}` })
  }

  /** An answer has come. `commandTag`: what CommandComplete says, asked only where it matters. */
  answered(expected: Expected, commandTag: () => string): void {
    switch (expected.tag) {
      case 'Parsed':
        return this.#add(expected.name, { tag: 'Parse', bytes: expected.body, statement: expected.statement })
      case 'Closed':
        return this.prepared.delete(expected.name)
      case 'Executed':
        this.#executed(expected.statement, commandTag)
        // A DISCARD ALL sent before it has been completed by now.
        this.sent(expected.statement)
    }
  }

  commit(): void {
    this.settings.commit((kind) => this.taints.forget(kind))
    const { maxSettings, maxBytes } = this.#limits
    if (this.settings.size > maxSettings || this.settings.bytes > maxBytes)
      this.taints.add({ kind: 'other', what: `more than ${maxSettings} settings` })
  }

  #executed({ effect }: Statement, commandTag: () => string): void {
    switch (effect.tag) {
      case 'Set':
      case 'Reset':
      case 'ResetAll':
      case 'Forget':
        return this.settings.note(effect)
      case 'Commit':
        // A failed transaction answers ROLLBACK.
        return commandTag() === 'ROLLBACK' ? this.settings.rollback() : this.commit()
      case 'Rollback':
        return this.settings.rollback()
      case 'Savepoint':
        return this.settings.savepoint(effect.name)
      case 'RollbackTo':
        return this.settings.rollbackTo(effect.name)
      case 'Release':
        return this.settings.release(effect.name)
      case 'Prepare':
        return this.#add(effect.name, { tag: 'Sql', bytes: effect.sql })
      case 'Deallocate':
        return effect.name === null ? this.#deallocateAll() : this.prepared.delete(effect.name)
      case 'DiscardAll':
        this.settings.clear()
        this.#deallocateAll()
        return this.taints.clear()
      case 'Nothing':
      case 'Begin':
      case 'Execute':
    }
  }

  #add(name: string, prepared: Prepared): void {
    if (this.prepared.add(name, prepared)) return
    this.taints.add({ kind: 'prepared', what: `more than ${this.#limits.maxStatements} prepared statements` })
  }

  #deallocateAll(): void {
    this.prepared.clear()
    this.taints.forget('prepared')
  }
}
