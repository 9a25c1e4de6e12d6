import type { WorkerSlot } from './worker-slot.ts'

/**
 * `gone`: the run had ended before its turn came. `failed`: what should take its place did not become ready.
 * `refused`: what is installed now may not take its place, and the run goes on.
 */
export type Replaced = 'replaced' | 'gone' | 'failed' | 'refused'

interface Pending {
  readonly slot: WorkerSlot
  readonly run: number
  readonly why: 'asked' | 'memory'
  readonly settle: (outcome: Replaced) => void
}

/** Drains and replaces runs one after the other: the next is not touched before the last one's successor serves. */
export class Replacements {
  readonly #mayReplace: () => Promise<boolean>
  readonly #waiting: Pending[] = []
  #current: Pending | null = null
  /** Whether the current one was asked for already, and is being replaced. */
  #hasBegun = false

  constructor(mayReplace: () => Promise<boolean>) {
    this.#mayReplace = mayReplace
  }

  request(slot: WorkerSlot, run: number, why: 'asked' | 'memory'): Promise<Replaced> {
    return new Promise((settle) => {
      this.#waiting.push({ slot, run, why, settle })
      this.look()
    })
  }

  /** Call after each change of any slot. */
  look(): void {
    if (this.#current === null) return this.#next()
    const outcome = this.#hasBegun ? outcomeOf(this.#current) : null
    if (outcome !== null) this.#end(outcome)
  }

  #next(): void {
    this.#current = this.#waiting.shift() ?? null
    this.#hasBegun = false
    if (this.#current !== null) void this.#ask(this.#current)
  }

  async #ask({ slot, run, why }: Pending): Promise<void> {
    if (slot.run !== run) return this.#end('gone')
    const may = await this.#mayReplace()
    if (slot.run !== run) return this.#end('gone')
    if (!may) return this.#end('refused')
    this.#hasBegun = true
    slot.send({ tag: 'Replace', run, why })
    this.look()
  }

  #end(outcome: Replaced): void {
    this.#current?.settle(outcome)
    this.#next()
  }
}

function outcomeOf({ slot: { state }, run }: Pending): Replaced | null {
  if (state.tag === 'Ready' && state.run !== run) return 'replaced'
  return state.tag === 'Waiting' || state.tag === 'Stopped' || state.tag === 'GivenUp' ? 'failed' : null
}
