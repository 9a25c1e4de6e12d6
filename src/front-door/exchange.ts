import type { RequestHead } from '../formats/http1/request-head.ts'
import type { ErrorCode } from '../errors.ts'
import type { ResponseHead } from '../formats/http1/response-head.ts'
import { HeldBody, type HeldBytes } from './held-body.ts'
import type { Run } from './run.ts'

/** Who asked: the client's side of an exchange. */
export interface Asker {
  forwardingLines(exchange: Exchange): string
  interim(exchange: Exchange, head: ResponseHead): void
  answerHead(exchange: Exchange, head: ResponseHead): void
  answerData(exchange: Exchange, bytes: Buffer, start: number, end: number): void
  answerEnd(exchange: Exchange): void
  /** False: read no more for this client until it is drained. */
  flush(): boolean
  /** Answers in the front door's own words; cuts an answer that had begun. The request may stay on its run's list. */
  fail(exchange: Exchange, code: ErrorCode, why?: string | null): void
  /** Ends with a reset: never a clean end of something that isn't whole. */
  cut(exchange: Exchange): void
  /** The worker takes the body as it comes. */
  streamingBegan(): void
  resumeReading(): void
  /** The worker has switched protocols: from here on octets are passed both ways. */
  switchProtocol(exchange: Exchange, head: ResponseHead): void
  writeTunnel(bytes: Buffer): boolean
  endTunnel(): void
}

/** What carries a request to its run: the worker's side of an exchange. */
export interface Carrier {
  readonly idleSinceMs: number
  /** Takes a request; only while idle. */
  carry(exchange: Exchange): void
  /** Passes on a piece of a body that is streamed; false: hold the source until the client is told to resume. */
  writeBody(bytes: Buffer): boolean
  endBody(): void
  /** After an upgrade: octets from the client. */
  writeTunnel(bytes: Buffer): boolean
  endTunnel(): void
  pause(): void
  resume(): void
  /** Closes without telling the owner. Idempotent. */
  destroy(): void
}

export type HoldingRun = Run<Exchange, Carrier>

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
  client: Asker | null
  run: HoldingRun | null = null
  upstream: Carrier | null = null
  queuedMs = 0
  /** When the run got it; -1 while none of it has been sent. */
  sentMs = -1
  /** When it counts as hanging, and the last moment at which it may be sent again. */
  deadlineMs = Infinity
  /** When the rest of its answer is no longer read, because nobody waits for it. */
  letGoMs = Infinity
  /** Some of the answer has gone to the client. */
  begun = false
  /** The answer may go on for ever: nobody waits for its end. */
  isEventStream = false
  overdue = false
  deaths = 0
  /** It was sent once more because its server closed a kept-alive connection. */
  renewed = false
  /** The run that it has to itself, or nearly so, as a suspect. */
  lane: HoldingRun | null = null
  incident: string | null = null
  status = 0
  answerBytes = 0

  constructor(serial: number, id: string, head: RequestHead, client: Asker, held: HeldBytes, receivedMs: number) {
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
