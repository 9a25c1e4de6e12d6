import type { Socket } from 'node:net'
import type { ErrorCode } from '../errors.ts'
import type { Refusal } from '../formats/http1/refusal.ts'
import { RequestHead } from '../formats/http1/request-head.ts'
import type { ResponseHead } from '../formats/http1/response-head.ts'
import { cutOff } from '../net/cut-off.ts'
import { AnswerWriter } from './answer-writer.ts'
import { errorAnswer } from './error-answer.ts'
import { Exchange, type Asker } from './exchange.ts'
import { ForwardingLines } from './forwarding-lines.ts'
import type { House } from './house.ts'
import { logAnswer } from './log-answer.ts'
import { RequestReader, type RequestSink } from './request-reader.ts'
import { peerOf } from './trusted-peers.ts'

/** Where the requests of a client go. */
export interface ClientOwner {
  /** The request is whole, or as much of it is at hand as is held. */
  submit(exchange: Exchange): void
  /** Nobody waits for it any more. */
  abandon(exchange: Exchange): void
  closed(client: ClientConnection): void
}

/** After the last answer a client may go on sending; it is read for this long, or a reset would take the answer from it (RFC 9112, section 9.6). */
const lingerMs = 2_000

/** A client that was just accepted may have its first request on the way: a drain gives it this long to send it. */
const arrivalMs = 500

/** A body that is passed on holds a worker: so much of it must come within each `bodyTimeoutMs`, or octet after octet would hold it for ever. */
const minStreamedBytes = 16_384

/** One client: its requests are answered one after the other. */
export class ClientConnection implements RequestSink, Asker {
  readonly peer: string
  /** When the present phase has lasted too long. */
  dueMs: number
  exchange: Exchange | null = null
  private readonly house: House
  private readonly owner: ClientOwner
  private readonly socket: Socket
  private readonly reader: RequestReader
  private readonly writer: AnswerWriter
  private readonly forwarding: ForwardingLines
  /** Octets of further requests, read while one is answered. */
  private kept: Buffer | null = null
  /** Until then its first request may still be on the way; 0 once that has come. */
  private arrivesByMs: number
  /** Of a streamed body, since its client was last found fast enough. */
  private streamedBytes = 0
  private consuming = false
  private ended = false
  private closing = false
  private tunnel = false
  private keepAlive = true
  /** The client has not yet taken enough of what was answered: further requests wait. */
  private stalled = false

  constructor(socket: Socket, house: House, owner: ClientOwner) {
    this.socket = socket
    this.house = house
    this.owner = owner
    this.peer = peerOf(socket)
    this.writer = new AnswerWriter(socket)
    this.forwarding = new ForwardingLines(this.peer, house.trusted.has(this.peer))
    this.reader = new RequestReader(house.settings, house.requestWalker, this.forwarding.trusted, this)
    this.dueMs = house.nowMs() + house.settings.headTimeoutMs
    this.arrivesByMs = house.nowMs() + arrivalMs
    socket.on('data', (chunk: Buffer) => this.read(chunk))
    socket.on('end', () => this.readEnd())
    socket.on('drain', () => this.drained())
    // Node needs a listener; `close` follows.
    socket.on('error', () => {})
    socket.on('close', () => this.closed())
  }

  /** It waits for an answer that has an end, or has only just come. */
  get isBusy(): boolean {
    return this.exchange === null ? this.isArriving : !this.exchange.isEventStream && !this.tunnel
  }

  private get isArriving(): boolean {
    return this.arrivesByMs > 0 && !this.ended && !this.closing && this.house.nowMs() < this.arrivesByMs
  }

  forwardingLines(exchange: Exchange): string {
    return this.forwarding.of(exchange.head, exchange.id, this.house.wallMs())
  }

  interim(exchange: Exchange, head: ResponseHead): void {
    // RFC 9110, section 15.2: never to HTTP/1.0. A 100 was given when the body was read.
    if (head.status !== 100 && !exchange.head.http10) this.writer.interim(head)
  }

  answerHead(exchange: Exchange, head: ResponseHead): void {
    const { http10, keepAlive } = exchange.head
    const endless = http10 && head.framing !== 'none' && head.framing !== 'length'
    this.keepAlive = keepAlive && !endless && this.mayStay
    exchange.begun = true
    this.writer.head(head, http10, this.keepAlive, head.hasRequestId ? '' : `X-Request-Id: ${exchange.id}\r\n`)
  }

  answerData(exchange: Exchange, bytes: Buffer, start: number, end: number): void {
    exchange.answerBytes += end - start
    this.writer.data(bytes, start, end)
  }

  flush(): boolean {
    if (this.writer.flush()) return true
    this.dueMs = this.house.nowMs() + this.house.settings.bodyTimeoutMs
    return false
  }

  answerEnd(exchange: Exchange): void {
    this.writer.end()
    this.finish(exchange)
  }

  fail(exchange: Exchange, code: ErrorCode, why: string | null = null): void {
    if (exchange.begun) return this.cut(exchange)
    exchange.client = null
    const { accept, method, http10 } = exchange.head
    this.keepAlive = exchange.head.keepAlive && this.mayStay
    this.respond(code, { accept, method, http10, requestId: exchange.id, incident: exchange.incident, why }, exchange)
    this.finish(exchange)
  }

  cut(exchange: Exchange): void {
    exchange.client = null
    this.house.tally.cut++
    logAnswer(this.house, exchange, this.peer)
    this.exchange = null
    cutOff(this.socket)
  }

  switchProtocol(exchange: Exchange, head: ResponseHead): void {
    exchange.begun = true
    exchange.status = 101
    this.tunnel = true
    this.dueMs = Infinity
    this.writer.interim(head)
    logAnswer(this.house, exchange, this.peer)
    const { kept } = this
    this.kept = null
    if (kept !== null) exchange.upstream?.writeTunnel(kept)
    this.socket.resume()
  }

  writeTunnel(bytes: Buffer): boolean {
    return this.socket.write(bytes)
  }

  endTunnel(): void {
    this.exchange = null
    this.socket.end()
    this.dueMs = this.house.nowMs() + lingerMs
  }

  streamingBegan(): void {
    this.streamedBytes = 0
    this.dueMs = !this.reader.isInBody ? Infinity : this.house.nowMs() + this.house.settings.bodyTimeoutMs
    this.socket.resume()
  }

  resumeReading(): void {
    if (this.kept !== null) return
    if (!this.reader.isInBody) return void this.socket.resume()
    if (this.exchange !== null) this.exchange.deadlineMs = Infinity
    this.streamingBegan()
  }

  /** A worker that takes nothing of a body is the late one, not the client. */
  private waitForWorker(exchange: Exchange): void {
    this.socket.pause()
    if (exchange.begun) return
    this.dueMs = Infinity
    exchange.deadlineMs = this.house.nowMs() + this.house.settings.requestTimeoutMs
  }

  /** Closes a connection that has nothing to wait for. */
  closeIfIdle(): void {
    if (this.exchange === null && !this.closing && !this.isArriving) this.socket.destroySoon()
  }

  /** At the end of a drain: true when a request was cut. */
  stopWaiting(): boolean {
    const { exchange } = this
    if (exchange === null || !this.isBusy) return false
    this.owner.abandon(exchange)
    this.fail(exchange, 'STOPPING')
    return true
  }

  /** Ends whatever is left: event streams are cut, upgrades get a plain end, idle clients are closed. */
  hangUp(): void {
    if (this.exchange !== null && !this.tunnel) this.cutAndAbandon(this.exchange)
    else this.socket.destroySoon()
  }

  destroy(): void {
    this.socket.destroy()
  }

  /** The present phase has lasted too long. */
  expire(): void {
    const { exchange } = this
    if (this.closing || (exchange === null && !this.reader.isInHead)) this.socket.destroy()
    else if (exchange === null) this.refused({ code: 'REQUEST_TIMEOUT', why: 'head' }, null)
    else if (exchange.begun || !this.reader.isInBody) this.cutAndAbandon(exchange)
    else {
      this.owner.abandon(exchange)
      this.fail(exchange, 'REQUEST_TIMEOUT', 'body')
    }
  }

  /** Nothing of the present request is unread, and a further one may come or is here. */
  private get mayStay(): boolean {
    return !this.reader.isInBody && !this.house.draining && (!this.ended || this.kept !== null)
  }

  private cutAndAbandon(exchange: Exchange): void {
    this.owner.abandon(exchange)
    this.cut(exchange)
  }

  private read(chunk: Buffer): void {
    if (this.closing) return
    if (this.tunnel) {
      if (this.exchange?.upstream?.writeTunnel(chunk) === false) this.socket.pause()
      return
    }
    this.consume(chunk)
  }

  private consume(chunk: Buffer): void {
    const wasInHead = this.reader.isInHead
    this.consuming = true
    let at = 0
    while (at < chunk.length && !this.closing && !this.socket.destroyed) {
      if ((this.exchange === null && !this.stalled) || this.reader.isInBody) at = this.reader.step(chunk, at)
      else {
        this.kept = chunk.subarray(at)
        this.socket.pause()
        break
      }
    }
    this.consuming = false
    // From the head's first octet, however slowly the others come.
    if (this.reader.isInHead && !wasInHead) this.dueMs = this.house.nowMs() + this.house.settings.headTimeoutMs
  }

  headRead(head: RequestHead, isLast: boolean): void {
    const { house } = this
    const nowMs = house.nowMs()
    house.tally.requests++
    const serial = house.nextSerial()
    const exchange = new Exchange(serial, this.forwarding.acceptedId(head) ?? house.idOf(serial), head, this, house.held, nowMs)
    this.exchange = exchange
    this.arrivesByMs = 0
    if (!this.reader.isInBody) {
      exchange.body.complete = true
      this.dueMs = Infinity
      this.owner.submit(exchange)
      return
    }
    this.dueMs = nowMs + house.settings.bodyTimeoutMs
    if (head.expectsContinue && isLast) this.socket.write('HTTP/1.1 100 Continue\r\n\r\n', 'latin1')
  }

  bodyRead(bytes: Buffer): void {
    const { exchange, house } = this
    if (exchange === null) return
    const { body } = exchange
    const { settings, held } = house
    if (body.released) this.streamedBytes += bytes.length
    if (!body.released || this.streamedBytes >= minStreamedBytes) {
      this.streamedBytes = 0
      this.dueMs = house.nowMs() + settings.bodyTimeoutMs
    }
    if (body.released) {
      if (exchange.upstream?.writeBody(bytes) === false) this.waitForWorker(exchange)
      return
    }
    body.add(bytes)
    if (exchange.place !== 'reading') this.socket.pause()
    else if (body.length > settings.holdBodyBytes || held.total > settings.holdTotalBytes) {
      this.socket.pause()
      this.owner.submit(exchange)
    }
    // While it waits for a worker the client can't be late.
    if (exchange.sentMs < 0 && exchange.place !== 'reading') this.dueMs = Infinity
  }

  bodyEnded(): void {
    const { exchange, house } = this
    if (exchange === null) return
    this.dueMs = Infinity
    exchange.body.complete = true
    if (exchange.place === 'reading') this.owner.submit(exchange)
    else if (exchange.body.released) exchange.endStreaming(house.nowMs(), house.settings.requestTimeoutMs)
  }

  refused(refusal: Refusal, head: RequestHead | null): void {
    const { exchange, house } = this
    house.tally.refused++
    if (exchange === null) {
      this.keepAlive = false
      const { accept, method, http10 } = head ?? new RequestHead()
      const status = this.respond(refusal.code, { accept, method, http10, requestId: null, incident: null, why: refusal.why }, null)
      house.tally.answered(status, 0)
      house.outside.emit({ tag: 'RequestRefused', why: refusal.why, status })
      return this.next()
    }
    this.owner.abandon(exchange)
    this.fail(exchange, refusal.code, refusal.why)
  }

  private respond(
    code: ErrorCode,
    context: Omit<Parameters<typeof errorAnswer>[1], 'keepAlive' | 'retryAfterSeconds'>,
    exchange: Exchange | null,
  ): number {
    const { status, text, bodyBytes } = errorAnswer(code, { ...context, keepAlive: this.keepAlive, retryAfterSeconds: 1 })
    this.socket.write(text)
    if (exchange !== null) {
      exchange.status = status
      exchange.answerBytes = bodyBytes
    }
    return status
  }

  private finish(exchange: Exchange): void {
    exchange.client = null
    logAnswer(this.house, exchange, this.peer)
    this.exchange = null
    this.next()
  }

  /** After an answer: the next request, or the end. */
  private next(): void {
    if (!this.keepAlive || this.house.draining) {
      this.closing = true
      this.kept = null
      this.dueMs = this.house.nowMs() + this.house.settings.bodyTimeoutMs
      this.socket.end(() => {
        this.dueMs = this.house.nowMs() + lingerMs
      })
      // What is still sent is read and thrown away.
      this.socket.resume()
      if (this.ended) this.socket.destroySoon()
      return
    }
    const { settings } = this.house
    this.stalled = this.socket.writableNeedDrain
    this.dueMs = this.house.nowMs() + (this.stalled ? settings.bodyTimeoutMs : settings.idleTimeoutMs)
    if (this.stalled) this.socket.pause()
    if (this.stalled || this.consuming) return
    const { kept } = this
    this.kept = null
    if (kept !== null) this.consume(kept)
    if (this.kept === null) this.socket.resume()
    if (this.ended && this.exchange === null) this.socket.destroySoon()
  }

  private drained(): void {
    const { exchange } = this
    if (this.stalled) return this.next()
    if (exchange === null) return
    if (exchange.begun && !this.tunnel)
      this.dueMs = !this.reader.isInBody ? Infinity : this.house.nowMs() + this.house.settings.bodyTimeoutMs
    exchange.upstream?.resume()
  }

  /** The client has sent all it will; it may still want answers. */
  private readEnd(): void {
    this.ended = true
    if (this.tunnel) this.exchange?.upstream?.endTunnel()
    else if (this.closing || this.exchange === null || this.reader.isInBody) this.socket.destroySoon()
  }

  private closed(): void {
    const { exchange } = this
    this.exchange = null
    this.closing = true
    if (exchange?.client === this) {
      exchange.client = null
      if (!this.tunnel) logAnswer(this.house, exchange, this.peer)
      this.owner.abandon(exchange)
    }
    this.owner.closed(this)
  }
}
