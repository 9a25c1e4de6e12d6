import { drive, type Driver } from '../resilience/drive.ts'
import type { Exchange, HoldingRun } from './exchange.ts'
import type { House } from './house.ts'
import { isClosedFor, noSuspects, stepSuspects, suspectsDueAt } from './suspects.machine.ts'
import type { Suspects, SuspectsEffect, SuspectsEvent } from './suspects.machine.ts'

/** Runs the list of suspects: knows which request each id is, and lets the machine decide. */
export class SuspectDesk {
  readonly #house: House
  readonly #driver: Driver<Suspects, SuspectsEvent>
  readonly #exchanges = new Map<number, Exchange>()
  readonly #runs = new Map<number, HoldingRun>()
  #marked = false
  /** How a suspect gets to its run; set by who sends. */
  onTry: (exchange: Exchange, run: HoldingRun) => void = () => {}

  constructor(house: House) {
    this.#house = house
    const { clock } = house.outside
    this.#driver = drive(
      {
        initial: noSuspects,
        step: (state: Suspects, event: SuspectsEvent, moment) => stepSuspects(state, event, moment, house.settings),
        dueAt: suspectsDueAt,
        due: { tag: 'Due' },
      },
      clock,
      () => house.outside.random(),
      (effect) => this.#perform(effect),
    )
  }

  get size(): number {
    return this.#exchanges.size
  }

  add(exchanges: readonly Exchange[]): void {
    if (exchanges.length === 0) return
    for (const exchange of exchanges) {
      exchange.place = 'suspected'
      this.#exchanges.set(exchange.serial, exchange)
    }
    const suspects = exchanges.map(({ serial, head, path, deadlineMs }) => ({
      request: serial,
      route: `${head.method} ${path}`,
      deadlineMs,
    }))
    this.#driver.send({ tag: 'Suspected', suspects })
  }

  booted(run: HoldingRun): void {
    this.#runs.set(run.id, run)
    this.#driver.send({ tag: 'Booted', run: run.id })
    this.lookAt(run)
  }

  /** The run may have become empty. */
  lookAt(run: HoldingRun): void {
    if (this.#driver.state().lanes.length === 0 || !run.isEmpty || run.paused || run.avoidUntilMs > this.#house.nowMs()) return
    this.#driver.send({ tag: 'Emptied', run: run.id })
  }

  cleared(exchange: Exchange, run: HoldingRun): void {
    this.#driver.send({ tag: 'Cleared', run: run.id, request: exchange.serial })
  }

  takeBack(exchange: Exchange, run: HoldingRun): void {
    exchange.place = 'suspected'
    this.#exchanges.set(exchange.serial, exchange)
    this.#driver.send({ tag: 'Returned', run: run.id, request: exchange.serial })
  }

  ended(run: HoldingRun): void {
    this.#runs.delete(run.id)
    this.#driver.send({ tag: 'Ended', run: run.id })
  }

  left(exchange: Exchange): void {
    this.#exchanges.delete(exchange.serial)
    this.#driver.send({ tag: 'Left', request: exchange.serial })
  }

  drain(): void {
    this.#driver.send({ tag: 'Drain' })
  }

  /** Marks the runs that a suspect has to itself. */
  mark(runs: readonly HoldingRun[]): void {
    const state = this.#driver.state()
    const hasLanes = state.lanes.length > 0
    if (!hasLanes && !this.#marked) return
    for (const run of runs) run.closed = isClosedFor(state, run.id)
    this.#marked = hasLanes
  }

  stop(): void {
    this.#driver.stop()
  }

  #perform(effect: SuspectsEffect): void {
    const exchange = this.#exchanges.get(effect.request)
    if (exchange === undefined) return
    this.#exchanges.delete(effect.request)
    if (effect.tag === 'Try') {
      const run = this.#runs.get(effect.run)
      if (run === undefined) return
      this.#house.tally.repeated++
      exchange.lane = run
      return this.onTry(exchange, run)
    }
    exchange.place = 'done'
    exchange.body.release()
    exchange.client?.fail(exchange, effect.tag === 'Expire' ? 'NO_WORKER' : 'STOPPING')
  }
}
