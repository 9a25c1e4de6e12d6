import type { InFlightRequest } from '../events/front-door.ts'
import type { Dispatcher } from './dispatcher.ts'
import type { Exchange, HoldingRun } from './exchange.ts'
import type { House } from './house.ts'
import { causeOf, decideSettlement, type Held } from './settlement.ts'
import type { SuspectDesk } from './suspect-desk.ts'

/** Requests named in one fact. A run may hold thousands of upgrades. */
const maxNamed = 200

export interface Death {
  /** By SIGKILL, without a crash or a hang before: see the link's `RunExited`. */
  readonly killed: boolean
  readonly incidentId: string | null
}

/** Settles what an ended and fenced run held, and tells it. */
export function settleRun(run: HoldingRun, { killed, incidentId }: Death, house: House, dispatcher: Dispatcher, desk: SuspectDesk): void {
  const nowMs = house.nowMs()
  const listed = [...run.listed]
  const upgraded = [...run.upgraded]
  const held = listed.map((exchange) => toHeld(exchange, dispatcher))
  const cause = causeOf(held, { killed, heldOtherThings: upgraded.length > 0 || run.holdsUnknown })
  const named: InFlightRequest[] = []
  const name = (exchange: Exchange, settlement: InFlightRequest['settlement']) => {
    const { id, head, path, sentMs } = exchange
    if (named.length < maxNamed)
      named.push({ id, method: head.method, path, ageMs: sentMs < 0 ? 0 : Math.round(nowMs - sentMs), settlement })
  }

  const suspects: Exchange[] = []
  for (const [index, exchange] of listed.entries()) {
    const { settlement, code } = decideSettlement(held[index]!, index === cause, house.draining, nowMs)
    const { client } = exchange
    name(exchange, settlement)
    exchange.incident = incidentId
    exchange.upstream?.destroy()
    exchange.upstream = null
    if (settlement === 'sent-elsewhere') {
      dispatcher.again(exchange)
      continue
    }
    dispatcher.unlist(exchange)
    exchange.deaths++
    if (settlement === 'suspect') {
      exchange.run = null
      exchange.sentMs = -1
      suspects.push(exchange)
      continue
    }
    dispatcher.end(exchange)
    if (code !== null) client?.fail(exchange, code)
    else if (settlement === 'cut') client?.cut(exchange)
  }
  for (const exchange of upgraded) {
    name(exchange, 'cut')
    exchange.upstream?.destroy()
    dispatcher.unlist(exchange)
    dispatcher.end(exchange)
    exchange.client?.cut(exchange)
  }
  for (const connection of run.connections) connection.destroy()
  house.outside.emit({ tag: 'RunSettled', run: run.id, requests: named, cause: listed[cause]?.id ?? null })
  desk.add(suspects)
}

function toHeld(exchange: Exchange, dispatcher: Dispatcher): Held {
  const { sentMs, begun, body, deaths, deadlineMs, client } = exchange
  return {
    sent: sentMs >= 0,
    begun,
    repeatable: dispatcher.isRepeatable(exchange),
    bodyHeld: body.whole,
    deaths,
    deadlineMs,
    unwanted: client === null,
  }
}
