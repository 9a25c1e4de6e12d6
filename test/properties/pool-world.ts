import { createPoolMachine } from '../../src/gateway/pool/pool.machine.ts'
import type { Pool, PoolEffect, PoolEvent, RefusalWhy } from '../../src/gateway/pool/pool-state.ts'
import { Reachability } from '../../src/gateway/server/reachability.ts'
import type { BreakerState } from '../../src/events/gateway.ts'
import { drive, type Driver } from '../../src/resilience/drive.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { logins, type ClientPlan, type Harm, type Trouble, type World } from './pool-plans.ts'

/** One step of the pool. */
export interface Scene {
  readonly nowMs: number
  readonly event: PoolEvent
  readonly before: Pool
  readonly after: Pool
  readonly effects: readonly PoolEffect[]
}

interface Answer {
  readonly atMs: number
  /** The connection's number; or why there is none. */
  readonly granted: number | null
  readonly why: RefusalWhy | null
}

interface Client {
  readonly plan: ClientPlan
  readonly lease: number
  readonly askedMs: number
  readonly untilMs: number
  gaveUp: boolean
  readonly answers: Answer[]
}

export interface Attempt {
  readonly of: 'probe' | 'a' | 'b' | 'c' | 'd'
  readonly beganMs: number
  endedMs: number | null
  outcome: 'connected' | 'unreachable' | 'full' | 'refused' | null
}

type Order =
  | { readonly turn: { readonly atMs: number; readonly state: BreakerState; readonly retryInMs: number | null } }
  | { readonly began: Attempt }
  | { readonly ended: Attempt }

/**
 * A pool and a breaker, run by their own shell on a clock that is turned by hand, before a server that is only a timetable of troubles.
 * What a step of the pool asks for takes as long as the plan says.
 */
export class PoolWorld {
  readonly scenes: Scene[] = []
  readonly clients: Client[] = []
  /** The breaker's turns and the attempts at the server, in the order in which they came. */
  readonly order: Order[] = []
  readonly #world: World
  readonly #clock = new ManualClock()
  readonly #reachability: Reachability
  readonly #pool: Driver<Pool, PoolEvent>
  readonly #connections = new Map<number, { hung: boolean }>()
  readonly #holding = new Map<number, number>()
  #trouble: Trouble | null = null
  #draws = 0

  constructor(world: World) {
    this.#world = world
    const { policy, cap, limit } = world
    const random = () => world.randoms[(this.#draws += 1) % world.randoms.length] ?? 0.5
    const clock = this.#clock
    this.#reachability = new Reachability(
      { ...policy, probeTimeoutMs: policy.connectTimeoutMs + 1_000 },
      { clock, random },
      {
        probe: (era) => this.#attempt('probe', era, () => {}),
        changed: (state) => {
          this.order.push({ turn: { atMs: clock.nowMs(), state, retryInMs: this.#reachability.retryInMs } })
          this.#pool.send({ tag: 'GateMoved', gate: state === 'closed' ? 'open' : 'shut' })
        },
      },
    )
    const machine = createPoolMachine({ ...policy, capOf: (database) => (database === 'cache' ? cap : null) })
    const step: typeof machine.step = (before, event, moment) => {
      const { state, effects } = machine.step(before, event, moment)
      this.scenes.push({ nowMs: moment.nowMs, event, before, after: state, effects })
      return { state, effects }
    }
    this.#pool = drive({ ...machine, step }, clock, random, (effect) => this.#perform(effect))
    this.#pool.send({ tag: 'LimitLearnt', limit })
    this.#plan()
  }

  get breaker(): BreakerState {
    return this.#reachability.state
  }

  get pool(): Pool {
    return this.#pool.state()
  }

  get nowMs(): number {
    return this.#clock.nowMs()
  }

  turn(byMs: number): this {
    // The clock allows for 10,000 alarms at a time.
    const endMs = this.nowMs + byMs
    while (this.nowMs < endMs) this.#clock.turn(Math.min(500, endMs - this.nowMs))
    return this
  }

  /** Turns until all that was planned is over. */
  play(): this {
    const { clients, spells, harms, policy } = this.#world
    const ends = clients.map(({ atMs, patienceMs, holdsMs }) => atMs + patienceMs + holdsMs)
    const troubleMs = spells.reduce((sum, { afterMs, lastsMs }) => sum + afterMs + lastsMs, 0)
    const lastMs = Math.max(0, troubleMs, ...ends, ...harms.map(({ atMs }) => atMs))
    return this.turn(lastMs + 2 * (policy.connectTimeoutMs + policy.checkTimeoutMs + policy.backoff.capMs) + 10_000)
  }

  ask(plan: ClientPlan): Client {
    const askedMs = this.nowMs
    const lease = this.clients.length + 1
    const client: Client = { plan, lease, askedMs, untilMs: askedMs + plan.patienceMs, gaveUp: false, answers: [] }
    this.clients.push(client)
    this.#pool.send({ tag: 'Asked', lease, ...(logins[plan.login] ?? logins[0]), untilMs: client.untilMs })
    if (plan.givesUpMs !== null) this.#in(plan.givesUpMs, () => this.#giveUp(client))
    return client
  }

  #plan(): void {
    const { clients, spells, harms } = this.#world
    for (const plan of clients) this.#in(plan.atMs, () => void this.ask(plan))
    for (const harm of harms) this.#in(harm.atMs, () => this.#harm(harm))
    let atMs = 0
    for (const { afterMs, lastsMs, trouble } of spells) {
      this.#in(atMs + afterMs, () => this.#befall(trouble))
      atMs += afterMs + lastsMs
      this.#in(atMs, () => (this.#trouble = null))
    }
  }

  #in(ms: number, call: () => void): void {
    this.#clock.at(this.nowMs + ms, call)
  }

  #giveUp(client: Client): void {
    if (client.answers.length > 0) return
    client.gaveUp = true
    this.#pool.send({ tag: 'Withdrawn', lease: client.lease })
  }

  #befall(trouble: Trouble): void {
    this.#trouble = trouble
    if (trouble === 'gone') for (const id of this.#connections.keys()) this.#lose(id)
    if (trouble === 'silent') for (const connection of this.#connections.values()) connection.hung = true
  }

  #harm({ pick, how }: Harm): void {
    const ids = [...this.#connections.keys()]
    const id = ids[pick % Math.max(1, ids.length)]
    const connection = this.#connections.get(id ?? -1)
    if (id === undefined || connection === undefined) return
    if (how === 'ended') this.#lose(id)
    else connection.hung = true
  }

  #lose(id: number): void {
    if (!this.#connections.delete(id)) return
    this.#holding.delete(id)
    this.#pool.send({ tag: 'Lost', id })
  }

  #perform(effect: PoolEffect): void {
    switch (effect.tag) {
      case 'Open':
        return this.#open(effect.id, effect.key)
      case 'Close':
        return void this.#connections.delete(effect.id)
      case 'Check':
        return this.#prove(effect.id)
      case 'Grant': {
        const client = this.clients[effect.lease - 1]
        client?.answers.push({ atMs: this.nowMs, granted: effect.id, why: null })
        this.#holding.set(effect.id, effect.lease)
        return this.#in(client?.plan.holdsMs ?? 0, () => this.#release(effect.id, effect.lease))
      }
      case 'Refuse':
        return this.#refused(effect.lease, effect.why)
    }
  }

  #refused(lease: number, why: RefusalWhy): void {
    const client = this.clients[lease - 1]
    client?.answers.push({ atMs: this.nowMs, granted: null, why })
    if (client?.plan.insists === true && why === 'login-refused') this.#in(0, () => void this.ask(client.plan))
  }

  #release(id: number, lease: number): void {
    if (this.#holding.get(id) !== lease) return
    this.#holding.delete(id)
    this.#pool.send({ tag: 'Released', id })
    this.#prove(id)
  }

  /** A check or a cleaning: answered, or given up. */
  #prove(id: number): void {
    const { answerMs, policy } = this.#world
    this.#in(answerMs, () => {
      const connection = this.#connections.get(id)
      if (connection?.hung === false) return this.#pool.send({ tag: 'Proved', id })
      this.#in(policy.checkTimeoutMs - answerMs, () => this.#lose(id))
    })
  }

  /** As `ServerPool` does it. */
  #open(id: number, key: string): void {
    const { era } = this.#reachability
    const login = logins.find((other) => other.key === key)
    if (era === null || login === undefined) return this.#pool.send({ tag: 'OpenFailed', id, why: 'unreachable' })
    this.#attempt(login.key, era, (outcome) => {
      if (outcome !== 'connected') return this.#pool.send({ tag: 'OpenFailed', id, why: outcome })
      if (!this.pool.members.some((member) => member.id === id)) return
      this.#connections.set(id, { hung: this.#trouble === 'silent' })
      this.#pool.send({ tag: 'Opened', id })
    })
  }

  #attempt(of: Attempt['of'], era: number, ended: (outcome: NonNullable<Attempt['outcome']>) => void): void {
    const { connectMs, policy } = this.#world
    const attempt: Attempt = { of, beganMs: this.nowMs, endedMs: null, outcome: null }
    this.order.push({ began: attempt })
    const isSilent = this.#trouble === 'silent'
    const isGone = this.#trouble === 'gone'
    this.#in(isSilent ? policy.connectTimeoutMs : isGone ? 1 : connectMs, () => {
      const outcome = isSilent || isGone || this.#trouble === 'gone' ? 'unreachable' : this.#answer(of)
      attempt.endedMs = this.nowMs
      attempt.outcome = outcome
      this.order.push({ ended: attempt })
      if (outcome === 'unreachable') this.#reachability.failed(era, 'away')
      else this.#reachability.succeeded(era)
      ended(outcome)
    })
  }

  /** The control connection has a login of its own, and a slot that is kept for it. */
  #answer(of: Attempt['of']): 'connected' | 'full' | 'refused' {
    if (of === 'probe') return 'connected'
    return this.#trouble === 'full' ? 'full' : this.#trouble === 'refusing' ? 'refused' : 'connected'
  }
}
