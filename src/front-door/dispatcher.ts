import type { ResponseHead } from '../formats/http1/response-head.ts'
import type { ClientOwner } from './client-connection.ts'
import { afterFailure, goodConduct } from './ejection.ts'
import type { Exchange, HoldingRun } from './exchange.ts'
import type { House } from './house.ts'
import { pickRun } from './pick-run.ts'
import type { SuspectDesk } from './suspect-desk.ts'
import { UpstreamConnection, type UpstreamOwner } from './upstream-connection.ts'
import { WaitingLine } from './waiting-line.ts'

/** A full backlog empties as fast as the worker accepts; a socket nobody listens on means a death that will be told soon. */
const fullMs = 20
const unreachableMs = 200

/**
 * What has begun to answer a client that is gone is read on for this long, since its end tells that the worker is done. Then it is closed:
 * a server learns only so that it may stop, and an answer need have no end.
 */
const unwantedMs = 1_000

/** A fact about the same thing is told once in this long. */
const tellEveryMs = 1_000

/** Brings requests to runs: picks, queues, sends again what was never received, and keeps each run's list. */
export class Dispatcher implements ClientOwner, UpstreamOwner {
  readonly runs = new Map<number, HoldingRun>()
  readonly line = new WaitingLine()
  readonly #house: House
  readonly #desk: SuspectDesk
  readonly #onClientClosed: ClientOwner['closed']
  #order: HoldingRun[] = []
  #cursor = 0
  #toldFullMs = -Infinity
  #pumping = false

  constructor(house: House, desk: SuspectDesk, onClientClosed: ClientOwner['closed']) {
    this.#house = house
    this.#desk = desk
    this.#onClientClosed = onClientClosed
  }

  add(run: HoldingRun): void {
    this.runs.set(run.id, run)
    this.#order = [...this.runs.values()]
  }

  remove(run: HoldingRun): void {
    this.runs.delete(run.id)
    this.#order = [...this.runs.values()]
  }

  submit(exchange: Exchange): void {
    exchange.queuedMs = this.#house.nowMs()
    const run = this.line.size === 0 ? this.#pick(exchange.queuedMs) : null
    if (run !== null) return this.send(exchange, run)
    if (this.line.size < this.#house.settings.queueLimit) {
      exchange.place = 'queued'
      this.line.add(exchange)
      return
    }
    this.#house.tally.queueFull++
    if (exchange.queuedMs - this.#toldFullMs >= tellEveryMs) {
      this.#toldFullMs = exchange.queuedMs
      this.#house.outside.emit({ tag: 'QueueFull', waiting: this.line.size })
    }
    this.end(exchange)
    exchange.client?.fail(exchange, 'NO_WORKER', 'too many requests wait')
  }

  send(exchange: Exchange, run: HoldingRun): void {
    exchange.place = 'listed'
    exchange.run = run
    run.listed.add(exchange)
    const connection = run.takeIdle(this.#house.nowMs()) ?? new UpstreamConnection(run, this.#house, this)
    connection.carry(exchange)
  }

  /** Sends waiting requests as long as runs have free slots. */
  pump(): void {
    if (this.#pumping || this.line.size === 0) return
    this.#pumping = true
    const nowMs = this.#house.nowMs()
    for (let run = this.#pick(nowMs); run !== null; run = this.#pick(nowMs)) {
      const next = this.line.take()
      if (next === null) break
      this.send(next, run)
    }
    this.#pumping = false
  }

  /** For a request that no run has begun: first in line, or back on the list of suspects. */
  again(exchange: Exchange): void {
    const { lane } = exchange
    exchange.lane = null
    this.unlist(exchange)
    if (exchange.client === null) return this.end(exchange)
    exchange.sentMs = -1
    if (lane !== null) return this.#desk.takeBack(exchange, lane)
    exchange.place = 'queued'
    this.line.putBack(exchange)
  }

  /** Takes it off its run's list: answered, or lost with the run. */
  unlist(exchange: Exchange): void {
    const { run, lane } = exchange
    if (run === null) return
    run.listed.delete(exchange)
    run.upgraded.delete(exchange)
    exchange.lane = null
    if (lane !== null) this.#desk.cleared(exchange, lane)
    this.#desk.lookAt(run)
    run.onLess()
  }

  end(exchange: Exchange): void {
    exchange.place = 'done'
    exchange.body.release()
  }

  abandon(exchange: Exchange): void {
    exchange.client = null
    const { place, upstream } = exchange
    if (place === 'queued') this.line.remove(exchange)
    if (place === 'suspected') this.#desk.left(exchange)
    if (place !== 'listed') return this.end(exchange)
    // The worker still works on it, and may die of it.
    const stays = exchange.sentMs >= 0 && exchange.body.complete && !exchange.isEventStream && exchange.status !== 101
    if (stays) {
      if (exchange.begun) exchange.letGoMs = this.#house.nowMs() + unwantedMs
      return upstream?.resume()
    }
    upstream?.destroy()
    this.unlist(exchange)
    this.end(exchange)
    this.pump()
  }

  closed(client: Parameters<ClientOwner['closed']>[0]): void {
    this.#onClientClosed(client)
  }

  headArrived(exchange: Exchange, head: ResponseHead): void {
    const { client, run, lane } = exchange
    if (run === null) return
    run.avoidUntilMs = 0
    exchange.status = exchange.overdue ? exchange.status : head.status
    exchange.isEventStream = head.isEventStream
    exchange.deadlineMs = Infinity
    if (client === null) {
      exchange.letGoMs = this.#house.nowMs() + unwantedMs
      if (head.isEventStream) this.#letGo(exchange)
      return
    }
    client.answerHead(exchange, head)
    if (lane !== null && head.framing !== 'none' && head.framing !== 'length') {
      exchange.lane = null
      this.#desk.cleared(exchange, lane)
    }
    if (head.isEventStream) run.onLess()
  }

  answered(exchange: Exchange): void {
    const { client, run } = exchange
    this.unlist(exchange)
    if (run !== null) {
      run.served++
      if (exchange.status >= 500) this.#failed(run)
      else if (run.conduct !== goodConduct) run.conduct = goodConduct
    }
    this.end(exchange)
    client?.answerEnd(exchange)
    this.pump()
  }

  upgraded(exchange: Exchange, head: ResponseHead): void {
    const { run, client } = exchange
    if (run === null) return
    this.unlist(exchange)
    if (client === null) return exchange.upstream?.destroy()
    this.#house.tally.upgraded++
    exchange.place = 'listed'
    run.upgraded.add(exchange)
    client.switchProtocol(exchange, head)
    this.pump()
  }

  upgradeEnded(exchange: Exchange): void {
    if (this.#awaitsEnd(exchange)) return
    this.unlist(exchange)
    this.end(exchange)
    exchange.client?.endTunnel()
    this.pump()
  }

  answerMalformed(exchange: Exchange, why: string): void {
    this.#fail(exchange, 'WORKER_ANSWER_MALFORMED', why)
  }

  connectFailed(exchange: Exchange, code: string): void {
    const { run } = exchange
    if (run === null) return
    const nowMs = this.#house.nowMs()
    run.avoidUntilMs = nowMs + (code === 'EAGAIN' ? fullMs : unreachableMs)
    if (code !== 'EAGAIN' && !run.exited) {
      this.#failed(run)
      if (nowMs - run.toldUnreachableMs >= tellEveryMs) {
        run.toldUnreachableMs = nowMs
        this.#house.outside.emit({ tag: 'RunUnreachable', run: run.id, error: code })
      }
    }
    this.again(exchange)
    this.pump()
  }

  closedUnder(exchange: Exchange, { reused, untilClose }: { reused: boolean; untilClose: boolean }): void {
    if (this.#awaitsEnd(exchange)) return
    if (untilClose) return this.answered(exchange)
    // A server closes a kept-alive connection when it likes; the others of its age are no better.
    for (const old of exchange.run?.idle.splice(0) ?? []) old.destroy()
    const unsent = exchange.sentMs < 0
    const stale = reused && !exchange.begun && !exchange.renewed && this.isRepeatable(exchange)
    if (!(unsent || stale) || exchange.client === null) return this.#fail(exchange, 'WORKER_NO_ANSWER', null)
    exchange.renewed ||= !unsent
    this.again(exchange)
    this.pump()
  }

  /** The connection closed because the run is ending: `RunExited` settles the request. Should that never come, the wait still has an end. */
  #awaitsEnd(exchange: Exchange): boolean {
    const { run, place } = exchange
    if (run === null || run.exited || place !== 'listed') return true
    const { outside, ports, settings } = this.#house
    run.ending ||= ports.isEnding(run.serving)
    if (run.ending) exchange.deadlineMs = Math.min(exchange.deadlineMs, outside.clock.nowMs() + settings.requestTimeoutMs)
    return run.ending
  }

  /** Whether it may be sent a second time after it may have taken effect. */
  isRepeatable({ head, body }: Exchange): boolean {
    return body.whole && (head.hasIdempotencyKey || this.#house.repeatMethods.has(head.method))
  }

  /** Moves what time alone must move. */
  sweep(nowMs: number): void {
    for (const run of this.#order) {
      run.forgetUnknown(nowMs)
      for (const exchange of run.listed) {
        if (exchange.deadlineMs <= nowMs && !exchange.overdue) this.#overdue(exchange, run, nowMs)
        else if (exchange.letGoMs <= nowMs && !run.exited) this.#letGo(exchange)
      }
      this.#desk.lookAt(run)
    }
    this.#desk.mark(this.#order)
    for (const exchange of this.line.takeOlder(nowMs - this.#house.settings.queueTimeoutMs)) {
      this.#house.tally.queueExpired++
      this.end(exchange)
      exchange.client?.fail(exchange, 'NO_WORKER')
    }
    this.pump()
  }

  #letGo(exchange: Exchange): void {
    exchange.upstream?.destroy()
    exchange.upstream = null
    this.answered(exchange)
  }

  /** It stays on the list, and keeps its slot: the worker still works on it. */
  #overdue(exchange: Exchange, run: HoldingRun, nowMs: number): void {
    exchange.overdue = true
    this.#house.tally.overdue++
    const { id, head, path } = exchange
    this.#house.outside.emit({
      tag: 'RequestOverdue',
      run: run.id,
      id,
      method: head.method,
      path,
      ageMs: Math.round(nowMs - exchange.sentMs),
    })
    exchange.client?.fail(exchange, 'REQUEST_DEADLINE')
  }

  #fail(exchange: Exchange, code: 'WORKER_ANSWER_MALFORMED' | 'WORKER_NO_ANSWER', why: string | null): void {
    const { client, run } = exchange
    this.unlist(exchange)
    this.end(exchange)
    if (run !== null) this.#failed(run)
    client?.fail(exchange, code, why)
    this.pump()
  }

  #failed(run: HoldingRun): void {
    let others = 0
    const nowMs = this.#house.nowMs()
    for (const other of this.#order) if (other !== run && other.open && other.ejectedUntilMs <= nowMs) others++
    run.conduct = afterFailure(run.conduct, others, nowMs, this.#house.settings)
  }

  #pick(nowMs: number): HoldingRun | null {
    this.#desk.mark(this.#order)
    const index = pickRun(this.#order, this.#cursor, nowMs)
    if (index === -1) return null
    this.#cursor = (index + 1) % this.#order.length
    return this.#order[index] ?? null
  }
}
