import type { WorkerSlot } from './worker-slot.ts'

/** `gone`: the run had ended before its turn came. `failed`: what should take its place did not become ready. */
export type Replaced = 'replaced' | 'gone' | 'failed'

interface Pending {
  readonly slot: WorkerSlot
  readonly run: number
  readonly why: 'asked' | 'memory'
  readonly settle: (outcome: Replaced) => void
}

/** Drains and replaces runs one after the other: the next is not touched before the last one's successor serves. */
export class Replacements {
  readonly #waiting: Pending[] = []
  #current: Pending | null = null

  request(slot: WorkerSlot, run: number, why: 'asked' | 'memory'): Promise<Replaced> {
    return new Promise((settle) => {
      this.#waiting.push({ slot, run, why, settle })
      this.look()
    })
  }

  /** Call after each change of any slot. */
  look(): void {
    for (;;) {
      if (this.#current === null) {
        const next = this.#waiting.shift()
        if (next === undefined) return
        if (next.slot.run !== next.run) {
          next.settle('gone')
          continue
        }
        this.#current = next
        next.slot.send({ tag: 'Replace', run: next.run, why: next.why })
      }
      const outcome = outcomeOf(this.#current)
      if (outcome === null) return
      this.#current.settle(outcome)
      this.#current = null
    }
  }
}

function outcomeOf({ slot: { state }, run }: Pending): Replaced | null {
  if (state.tag === 'Ready' && state.run !== run) return 'replaced'
  return state.tag === 'Waiting' || state.tag === 'Stopped' || state.tag === 'GivenUp' ? 'failed' : null
}
