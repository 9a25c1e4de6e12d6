import type { RequestHead } from '../formats/http1/request-head.ts'
import type { ClientConnection } from './client-connection.ts'
import { HeldBody, type HeldBytes } from './held-body.ts'
import type { Run } from './run.ts'
import type { UpstreamConnection } from './upstream-connection.ts'

/** Where a request stands. Listed: on a run's list, until the worker has answered it or the run has ended. */
export type Place = 'reading' | 'queued' | 'listed' | 'suspected' | 'done'

/** One request and its answer. */
export class Exchange {
  /** Unique, which an `id` that came from outside need not be. */
  readonly serial: number
  readonly id: string
  readonly head: RequestHead
  readonly body: HeldBody
  readonly receivedMs: number
  place: Place = 'reading'
  /** Null once nobody waits: the client has left, or has got an answer from the front door itself. */
  client: ClientConnection | null
  run: Run | null = null
  upstream: UpstreamConnection | null = null
  queuedMs = 0
  /** When the run got it; -1 while none of it has been sent. */
  sentMs = -1
  /** When it counts as hanging, and the last moment at which it may be sent again. */
  deadlineMs = Infinity
  /** Some of the answer has gone to the client. */
  begun = false
  /** The answer may go on for ever: nobody waits for its end. */
  isEventStream = false
  overdue = false
  deaths = 0
  /** It was sent once more because its server closed a kept-alive connection. */
  renewed = false
  /** The run that it has to itself, or nearly so, as a suspect. */
  lane: Run | null = null
  incident: string | null = null
  status = 0
  answerBytes = 0

  constructor(serial: number, id: string, head: RequestHead, client: ClientConnection, held: HeldBytes, receivedMs: number) {
    this.serial = serial
    this.id = id
    this.head = head
    this.client = client
    this.body = new HeldBody(held)
    this.receivedMs = receivedMs
  }

  /** Marks it as sent. While its body is still streamed, its time has not begun: the client may be slow. */
  sent(nowMs: number, requestTimeoutMs: number): void {
    this.sentMs = nowMs
    this.deadlineMs = this.body.complete ? nowMs + requestTimeoutMs : Infinity
  }

  /** The last of a streamed body has been read. */
  endStreaming(nowMs: number, requestTimeoutMs: number): void {
    this.deadlineMs = nowMs + requestTimeoutMs
    this.upstream?.endBody()
  }

  /** Without the query string: it holds secrets. */
  get path(): string {
    const { target } = this.head
    const query = target.indexOf('?')
    return query === -1 ? target : target.slice(0, query)
  }
}
