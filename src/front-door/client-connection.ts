import type { Socket } from 'node:net'
import type { ErrorCode } from '../errors.ts'
import { bodyStep, type BodyWalker } from '../formats/http1/body-walker.ts'
import { ChunkWalker } from '../formats/http1/chunk-walker.ts'
import { needMore, refused } from '../formats/http1/head-walker.ts'
import { LengthWalker } from '../formats/http1/length-walker.ts'
import { PendingHead } from '../formats/http1/pending-head.ts'
import { malformed, type Refusal } from '../formats/http1/refusal.ts'
import { readRequestHead, RequestHead } from '../formats/http1/request-head.ts'
import type { ResponseHead } from '../formats/http1/response-head.ts'
import { cutOff } from '../net/cut-off.ts'
import { accessLine } from './access-line.ts'
import { AnswerWriter } from './answer-writer.ts'
import { errorAnswer } from './error-answer.ts'
import { Exchange } from './exchange.ts'
import { ForwardingLines } from './forwarding-lines.ts'
import type { House } from './house.ts'
import { plainAddress } from './trusted-peers.ts'

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

/** One client: its requests are answered one after the other. */
export class ClientConnection {
  readonly peer: string
  /** When the present phase has lasted too long. */
  dueMs: number
  exchange: Exchange | null = null
  private readonly house: House
  private readonly owner: ClientOwner
  private readonly socket: Socket
  private readonly writer: AnswerWriter
  private readonly forwarding: ForwardingLines
  private pending: PendingHead | null = null
  /** Finds the present request's body; null once it has been read. */
  private body: BodyWalker | null = null
  private bodyBytes = 0
  /** Octets of further requests, read while one is answered. */
  private kept: Buffer | null = null
  private consuming = false
  private ended = false
  private closing = false
  private tunnel = false
  private keepAlive = true

  constructor(socket: Socket, house: House, owner: ClientOwner) {
    this.socket = socket
    this.house = house
    this.owner = owner
    this.peer = plainAddress(socket.remoteAddress)
    this.writer = new AnswerWriter(socket)
    this.forwarding = new ForwardingLines(this.peer, house.trusted.has(this.peer))
    this.dueMs = house.nowMs() + house.settings.headTimeoutMs
    socket.on('data', (chunk: Buffer) => this.read(chunk))
    socket.on('end', () => this.readEnd())
    socket.on('drain', () => this.drained())
    // Node needs a listener; `close` follows.
    socket.on('error', () => {})
    socket.on('close', () => this.closed())
  }

  /** It waits for an answer that has an end. */
  get isBusy(): boolean {
    return this.exchange !== null && !this.exchange.isEventStream && !this.tunnel
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
    this.keepAlive = keepAlive && !endless && this.body === null && !this.house.draining && !this.ended
    exchange.begun = true
    this.writer.head(head, http10, this.keepAlive, head.hasRequestId ? '' : `X-Request-Id: ${exchange.id}\r\n`)
  }

  answerData(exchange: Exchange, bytes: Buffer, start: number, end: number): void {
    exchange.answerBytes += end - start
    this.writer.data(bytes, start, end)
  }

  /** False: read no more for this client until it is drained. */
  flush(): boolean {
    if (this.writer.flush()) return true
    this.dueMs = this.house.nowMs() + this.house.settings.bodyTimeoutMs
    return false
  }

  answerEnd(exchange: Exchange): void {
    this.writer.end()
    this.finish(exchange)
  }

  /** Answers in the front door's own words; cuts an answer that had begun. The request may stay on its run's list. */
  fail(exchange: Exchange, code: ErrorCode, why: string | null = null): void {
    if (exchange.begun) return this.cut(exchange)
    exchange.client = null
    const { accept, method, http10 } = exchange.head
    this.keepAlive = exchange.head.keepAlive && this.body === null && !this.house.draining && !this.ended
    this.respond(code, { accept, method, http10, requestId: exchange.id, incident: exchange.incident, why }, exchange)
    this.finish(exchange)
  }

  /** Ends with a reset: never a clean end of something that isn't whole. */
  cut(exchange: Exchange): void {
    exchange.client = null
    this.house.tally.cut++
    this.log(exchange)
    this.exchange = null
    cutOff(this.socket)
  }

  /** The worker has switched protocols: from here on octets are passed both ways. */
  switchProtocol(exchange: Exchange, head: ResponseHead): void {
    exchange.begun = true
    exchange.status = 101
    this.tunnel = true
    this.dueMs = Infinity
    this.writer.interim(head)
    this.log(exchange)
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

  /** The worker takes the body as it comes. */
  streamingBegan(): void {
    this.dueMs = this.body === null ? Infinity : this.house.nowMs() + this.house.settings.bodyTimeoutMs
    this.socket.resume()
  }

  resumeReading(): void {
    if (this.kept === null) this.socket.resume()
  }

  /** Closes a connection that has nothing to wait for. */
  closeIfIdle(): void {
    if (this.exchange === null && !this.closing) this.socket.destroySoon()
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
    if (this.closing || (exchange === null && this.pending === null)) this.socket.destroy()
    else if (exchange === null) this.refuse({ code: 'REQUEST_TIMEOUT', why: 'head' }, new RequestHead())
    else if (exchange.begun || this.body === null) this.cutAndAbandon(exchange)
    else {
      this.owner.abandon(exchange)
      this.fail(exchange, 'REQUEST_TIMEOUT', 'body')
    }
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
    this.consuming = true
    let at = 0
    while (at < chunk.length && !this.closing && !this.socket.destroyed) {
      if (this.exchange === null) at = this.readHead(chunk, at)
      else if (this.body !== null) at = this.readBody(this.exchange, this.body, chunk, at)
      else {
        this.kept = chunk.subarray(at)
        this.socket.pause()
        break
      }
    }
    this.consuming = false
  }

  private readHead(chunk: Buffer, at: number): number {
    const { house, pending } = this
    const walker = pending?.walker ?? house.requestWalker
    const before = pending?.length ?? 0
    if (pending === null) walker.begin(at)
    const headEnd = pending === null ? walker.walk(chunk, chunk.length) : pending.add(chunk, at, chunk.length)
    if (headEnd === needMore) {
      if (pending !== null) return chunk.length
      this.pending = new PendingHead('request', house.limits)
      this.pending.add(chunk, at, chunk.length)
      this.dueMs = house.nowMs() + house.settings.headTimeoutMs
      return chunk.length
    }
    this.pending = null
    const head =
      headEnd === refused
        ? (walker.refusal ?? malformed('head'))
        : readRequestHead(walker, pending === null ? chunk : pending.bytes, headEnd, this.forwarding.trusted)
    if (!(head instanceof RequestHead)) this.refuse(head, new RequestHead())
    else if (head.contentLength !== null && head.contentLength > house.settings.maxBodyBytes)
      this.refuse({ code: 'BODY_TOO_LARGE', why: `${head.contentLength} bytes` }, head)
    else {
      const next = pending === null ? headEnd : at + headEnd - before
      this.begin(head, next === chunk.length)
      return next
    }
    return chunk.length
  }

  private begin(head: RequestHead, nothingFollows: boolean): void {
    const { house } = this
    const nowMs = house.nowMs()
    house.tally.requests++
    this.bodyBytes = 0
    const serial = house.nextSerial()
    const exchange = new Exchange(serial, this.forwarding.acceptedId(head) ?? house.idOf(serial), head, this, house.held, nowMs)
    this.exchange = exchange
    if (head.contentLength === 0) {
      exchange.body.complete = true
      this.dueMs = Infinity
      this.owner.submit(exchange)
      return
    }
    this.body = head.contentLength === null ? new ChunkWalker(true, house.settings.maxHeadBytes) : new LengthWalker(head.contentLength)
    this.dueMs = nowMs + house.settings.bodyTimeoutMs
    if (head.expectsContinue && nothingFollows) this.socket.write('HTTP/1.1 100 Continue\r\n\r\n', 'latin1')
  }

  private readBody(exchange: Exchange, walker: BodyWalker, chunk: Buffer, at: number): number {
    walker.feed(at, chunk.length)
    this.dueMs = this.house.nowMs() + this.house.settings.bodyTimeoutMs
    for (;;) {
      switch (walker.next(chunk)) {
        case bodyStep.data:
          this.bodyBytes += walker.dataEnd - walker.dataStart
          if (this.bodyBytes > this.house.settings.maxBodyBytes)
            return this.refuseBody(exchange, { code: 'BODY_TOO_LARGE', why: 'chunked body' }, chunk)
          this.takeBody(exchange, chunk.subarray(walker.dataStart, walker.dataEnd))
          break
        case bodyStep.more:
          return chunk.length
        case bodyStep.end:
          this.endBody(exchange)
          return walker.at
        default:
          return this.refuseBody(exchange, malformed(walker.why), chunk)
      }
    }
  }

  private takeBody(exchange: Exchange, bytes: Buffer): void {
    const { body } = exchange
    const { settings, held } = this.house
    if (body.released) {
      if (exchange.upstream?.writeBody(bytes) === false) this.socket.pause()
      return
    }
    body.add(bytes)
    if (exchange.place !== 'reading') this.socket.pause()
    else if (body.length > settings.holdBodyBytes || held.total > settings.holdTotalBytes) {
      // Its time limit begins when a worker takes it.
      this.socket.pause()
      this.owner.submit(exchange)
    }
  }

  private endBody(exchange: Exchange): void {
    this.body = null
    this.dueMs = Infinity
    exchange.body.complete = true
    if (exchange.place === 'reading') this.owner.submit(exchange)
    else if (exchange.body.released) exchange.endStreaming(this.house.nowMs(), this.house.settings.requestTimeoutMs)
  }

  private refuseBody(exchange: Exchange, refusal: Refusal, chunk: Buffer): number {
    this.owner.abandon(exchange)
    this.house.tally.refused++
    this.fail(exchange, refusal.code, refusal.why)
    return chunk.length
  }

  private refuse({ code, why }: Refusal, { accept, method, http10 }: RequestHead): void {
    const { house } = this
    house.tally.refused++
    this.keepAlive = false
    const status = this.respond(code, { accept, method, http10, requestId: null, incident: null, why }, null)
    house.outside.emit({ tag: 'RequestRefused', why, status })
    this.next()
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
    this.log(exchange)
    this.exchange = null
    this.next()
  }

  /** After an answer: the next request, or the end. */
  private next(): void {
    if (!this.keepAlive || this.house.draining) {
      this.closing = true
      this.kept = null
      this.body = null
      this.dueMs = this.house.nowMs() + lingerMs
      this.socket.end()
      // What is still sent is read and thrown away.
      this.socket.resume()
      if (this.ended) this.socket.destroySoon()
      return
    }
    this.dueMs = this.house.nowMs() + this.house.settings.idleTimeoutMs
    if (this.consuming) return
    const { kept } = this
    this.kept = null
    if (kept !== null) this.consume(kept)
    if (this.kept === null) this.socket.resume()
  }

  private drained(): void {
    const { exchange } = this
    if (exchange === null) return
    if (exchange.begun && !this.tunnel) this.dueMs = this.body === null ? Infinity : this.house.nowMs() + this.house.settings.bodyTimeoutMs
    exchange.upstream?.resume()
  }

  /** The client has sent all it will; it may still want answers. */
  private readEnd(): void {
    this.ended = true
    if (this.tunnel) this.exchange?.upstream?.endTunnel()
    else if (this.closing || this.exchange === null || this.body !== null) this.socket.destroySoon()
  }

  private closed(): void {
    const { exchange } = this
    this.exchange = null
    this.closing = true
    if (exchange?.client === this) {
      exchange.client = null
      if (!this.tunnel) this.log(exchange)
      this.owner.abandon(exchange)
    }
    this.owner.closed(this)
  }

  private log(exchange: Exchange): void {
    const { house } = this
    const tookMs = house.nowMs() - exchange.receivedMs
    if (exchange.status > 0) house.tally.answered(exchange.status, tookMs)
    if (house.ports.accessLog === null) return
    const { id, head, path, answerBytes: bytes } = exchange
    // 499: nginx's number for a client that left before its answer.
    const record = { wallMs: house.wallMs(), id, peer: this.peer, method: head.method, path, status: exchange.status || 499, bytes, tookMs }
    house.ports.accessLog.write(accessLine({ ...record, worker: exchange.run?.serving.worker ?? 0 }, house.settings.accessLogFormat))
  }
}
