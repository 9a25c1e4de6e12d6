import { accessLine } from './access-line.ts'
import type { Exchange } from './exchange.ts'
import type { House } from './house.ts'

/** nginx's number for a client that left before its answer began. */
const clientLeft = 499

/** Counts an answer, and writes its line. */
export function logAnswer(house: House, exchange: Exchange, peer: string): void {
  const tookMs = house.nowMs() - exchange.receivedMs
  if (exchange.status > 0) house.tally.answered(exchange.status, tookMs)
  const { accessLog } = house.ports
  if (accessLog === null) return
  const { id, head, path, answerBytes: bytes } = exchange
  const worker = exchange.run?.serving.worker ?? 0
  const record = {
    wallMs: house.wallMs(),
    id,
    peer,
    method: head.method,
    path,
    status: exchange.status || clientLeft,
    bytes,
    tookMs,
    worker,
  }
  accessLog.write(accessLine(record, house.settings.accessLogFormat))
}
