import type { Statement } from './statement.ts'

/** What statements that were sent, and not answered, may have done for others to see. */
export class SentStatements {
  /** A COMMIT, or a write outside a transaction, is among them. */
  uncertain = false
  /** In a transaction block: by a BEGIN of this round, or as the server has confirmed. */
  #inBlock = false

  add({ effect, writes }: Statement): void {
    if (writes && !this.#inBlock) this.uncertain = true
    if (effect.tag === 'Begin') this.#inBlock = true
    else if (effect.tag === 'Commit' || effect.tag === 'Rollback') {
      if (effect.tag === 'Commit') this.uncertain = true
      this.#inBlock &&= effect.chain
    }
  }

  /** Sync, or the end of a Query: a BEGIN may have failed, so it counts for this round only. */
  endRound(confirmed: boolean): void {
    this.#inBlock &&= confirmed
  }

  /** Everything has been answered. */
  settle(inBlock: boolean): void {
    this.uncertain = false
    this.#inBlock = inBlock
  }
}
