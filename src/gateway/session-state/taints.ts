import type { Taint, TaintKind } from './statement.ts'

/** What a session holds that can't be recreated: the first of each kind, in the order of their coming. */
export class Taints {
  #what: Map<TaintKind, string> | null = null

  get any(): boolean {
    return this.#what !== null && this.#what.size > 0
  }

  /** For people; null: nothing. */
  get why(): string | null {
    return this.#what === null || this.#what.size === 0 ? null : [...this.#what.values()].join(', ')
  }

  add({ kind, what }: Taint): void {
    this.#what ??= new Map()
    if (!this.#what.has(kind)) this.#what.set(kind, what)
  }

  forget(kind: TaintKind): void {
    this.#what?.delete(kind)
  }

  clear(): void {
    this.#what = null
  }
}
