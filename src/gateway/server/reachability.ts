import type { BreakerState } from '../../events/gateway.ts'
import type { Outside } from '../../part.ts'
import {
  breakerDueAt,
  closedBreaker,
  stepBreaker,
  type BreakerEvent,
  type BreakerPolicy,
  type Breaker,
} from '../../resilience/breaker.machine.ts'
import { drive, type Driver } from '../../resilience/drive.ts'

export interface ReachabilityPorts {
  /** One real attempt, whose answer comes back as `succeeded(era)` or `failed(era)`. */
  probe(era: number): void
  changed(state: BreakerState): void
}

/** The breaker of one server: whether attempts at it are worth while. While they are not, it alone sends probes. */
export class Reachability {
  #driver: Driver<Breaker, BreakerEvent>
  #outside: Pick<Outside, 'clock' | 'random'>
  /** The last failure's text; null while all is well. */
  error: string | null = null

  constructor(policy: BreakerPolicy, outside: Pick<Outside, 'clock' | 'random'>, ports: ReachabilityPorts) {
    this.#outside = outside
    const machine = {
      initial: closedBreaker,
      step: (state: Breaker, event: BreakerEvent, moment: { nowMs: number; random: number }) => stepBreaker(state, event, moment, policy),
      dueAt: breakerDueAt,
      due: { tag: 'Due' as const },
    }
    this.#driver = drive(
      machine,
      outside.clock,
      () => outside.random(),
      (effect) => {
        if (effect.tag === 'Allow') ports.probe(effect.era)
        if (effect.tag !== 'Tell') return
        ports.changed(this.state)
        if (effect.fact === 'probing') this.#driver.send({ tag: 'Asked' })
      },
    )
  }

  get state(): BreakerState {
    const { tag } = this.#driver.state()
    return tag === 'Closed' ? 'closed' : tag === 'Open' ? 'open' : 'half_open'
  }

  /** The era to name in the answer of an attempt that is made now; null: no attempt now. */
  get era(): number | null {
    const breaker = this.#driver.state()
    return breaker.tag === 'Closed' ? breaker.era : null
  }

  /** Until the next probe, in milliseconds; null while closed. */
  get retryInMs(): number | null {
    const breaker = this.#driver.state()
    if (breaker.tag === 'Closed') return null
    return breaker.tag === 'Open' ? Math.max(0, breaker.untilMs - this.#outside.clock.nowMs()) : 0
  }

  succeeded(era: number): void {
    this.#note(era, null)
    this.#driver.send({ tag: 'Succeeded', era })
  }

  failed(era: number, error: string): void {
    this.#note(era, error)
    this.#driver.send({ tag: 'Failed', era })
  }

  stop(): void {
    this.#driver.stop()
  }

  #note(era: number, error: string | null): void {
    if (era === this.#driver.state().era) this.error = error
  }
}
