import type { Exchange } from './exchange.ts'

/** Requests that wait for a slot, first in, first out; those that come back from a run that never got them go before all others. */
export class WaitingLine {
  private readonly returned = new Set<Exchange>()
  private readonly line = new Set<Exchange>()

  get size(): number {
    return this.returned.size + this.line.size
  }

  add(exchange: Exchange): void {
    this.line.add(exchange)
  }

  putBack(exchange: Exchange): void {
    this.returned.add(exchange)
  }

  remove(exchange: Exchange): void {
    if (!this.line.delete(exchange)) this.returned.delete(exchange)
  }

  take(): Exchange | null {
    const from = this.returned.size > 0 ? this.returned : this.line
    for (const exchange of from) {
      from.delete(exchange)
      return exchange
    }
    return null
  }

  /** Takes out those that came before `beforeMs`. */
  takeOlder(beforeMs: number): Exchange[] {
    const old: Exchange[] = []
    for (const from of [this.returned, this.line]) {
      for (const exchange of from) {
        if (exchange.queuedMs > beforeMs) {
          if (from === this.line) break
          continue
        }
        from.delete(exchange)
        old.push(exchange)
      }
    }
    return old
  }
}
