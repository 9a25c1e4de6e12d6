import { bodyStep, type BodyWalker } from '../formats/http1/body-walker.ts'
import { ChunkWalker } from '../formats/http1/chunk-walker.ts'
import { needMore, refused } from '../formats/http1/head-walker.ts'
import { LengthWalker } from '../formats/http1/length-walker.ts'
import { PendingHead } from '../formats/http1/pending-head.ts'
import { readResponseHead, type ResponseHead } from '../formats/http1/response-head.ts'
import { requestHeadText } from '../formats/http1/write-head.ts'
import type { Address } from '../link/messages.ts'
import type { Carrier, Exchange, HoldingRun } from './exchange.ts'
import type { House } from './house.ts'
import { UpstreamSocket } from './upstream-socket.ts'

/** What a connection tells of the request that it carries. After `answered`, and after each ending, it carries none. */
export interface UpstreamOwner {
  headArrived(exchange: Exchange, head: ResponseHead): void
  answered(exchange: Exchange): void
  upgraded(exchange: Exchange, head: ResponseHead): void
  upgradeEnded(exchange: Exchange): void
  answerMalformed(exchange: Exchange, why: string): void
  /** No octet of the request was sent. */
  connectFailed(exchange: Exchange, code: string): void
  /** It closed before the answer was whole. `sentMs` is -1 when it had closed before the request. */
  closedUnder(exchange: Exchange, how: { reused: boolean; untilClose: boolean }): void
}

/** Trailers and chunk extensions of an answer, which are taken off. */
const maxChunkOverheadBytes = 16_384

/** So much of an answer that nobody waits for is read, because its end tells that the worker is done. */
const maxDiscardBytes = 1_048_576

/** A body that is no longer than this joins its head in one write. */
const joinBytes = 16_384

/** One connection to a run's socket: idle, or carrying one request. */
export class UpstreamConnection implements Carrier {
  readonly run: HoldingRun
  idleSinceMs = 0
  private readonly house: House
  private readonly owner: UpstreamOwner
  private readonly socket: UpstreamSocket
  private exchange: Exchange | null = null
  private body: BodyWalker | null = null
  private pending: PendingHead | null = null
  private connected = false
  private dead = false
  private tunnel = false
  private untilClose = false
  /** The request's body goes out chunked. */
  private chunked = false
  /** The request went out in one write, of which a server gets everything or nothing. */
  private inOneWrite = false
  private discarded = 0
  private keepAlive = true
  private served = 0
  private errorCode = 'closed'

  constructor(run: HoldingRun, house: House, owner: UpstreamOwner) {
    this.run = run
    this.house = house
    this.owner = owner
    const callback = (length: number) => {
      this.read(house.readBuffer, length)
      return true
    }
    this.socket = new UpstreamSocket({ onread: { buffer: house.readBuffer, callback } })
    this.socket.setNoDelay(true)
    this.socket.on('connect', () => {
      this.connected = true
      if (this.exchange !== null) this.send(this.exchange)
    })
    this.socket.on('error', (error: NodeJS.ErrnoException) => {
      this.errorCode = error.code ?? error.message
    })
    this.socket.on('drain', () => this.exchange?.client?.resumeReading())
    this.socket.on('end', () => this.closed())
    this.socket.on('close', () => this.closed())
    run.connections.add(this)
    this.socket.connect(toConnect(run.serving.address))
  }

  carry(exchange: Exchange): void {
    this.exchange = exchange
    exchange.upstream = this
    if (this.connected) this.send(exchange)
  }

  writeBody(bytes: Buffer): boolean {
    if (!this.chunked) return this.socket.write(bytes)
    this.socket.cork()
    this.socket.write(`${bytes.length.toString(16)}\r\n`, 'latin1')
    this.socket.write(bytes)
    const taken = this.socket.write('\r\n', 'latin1')
    this.socket.uncork()
    return taken
  }

  endBody(): void {
    if (this.chunked) this.socket.write('0\r\n\r\n', 'latin1')
  }

  writeTunnel(bytes: Buffer): boolean {
    return this.socket.write(bytes)
  }

  endTunnel(): void {
    this.socket.end()
  }

  pause(): void {
    this.socket.pause()
  }

  resume(): void {
    this.socket.resume()
  }

  destroy(): void {
    this.forget()
    this.exchange = null
    this.socket.destroy()
  }

  private send(exchange: Exchange): void {
    const { body, head } = exchange
    const length = body.complete ? body.length : head.contentLength
    this.chunked = length === null
    this.discarded = 0
    const text = requestHeadText(head, length, exchange.client?.forwardingLines(exchange) ?? '')
    exchange.sent(this.house.nowMs(), this.house.settings.requestTimeoutMs)
    this.inOneWrite = body.complete && body.length <= joinBytes
    if (body.length === 0) this.socket.write(text, 'latin1')
    else if (this.inOneWrite) this.socket.write(text + body.chunks.map((chunk) => chunk.toString('latin1')).join(''), 'latin1')
    else {
      this.socket.cork()
      this.socket.write(text, 'latin1')
      for (const chunk of body.chunks) this.writeBody(chunk)
      this.socket.uncork()
    }
    if (body.complete) return
    body.release()
    exchange.client?.streamingBegan()
  }

  private read(bytes: Buffer, end: number): void {
    let at = 0
    while (at < end && !this.dead) {
      const exchange = this.exchange
      // Nothing was asked: whatever this is, the next request must not get it as its answer.
      if (exchange === null) return this.destroy()
      if (this.tunnel) {
        if (exchange.client?.writeTunnel(Buffer.from(bytes.subarray(at, end))) === false) this.socket.pause()
        return
      }
      at = this.body === null ? this.readHead(exchange, bytes, at, end) : this.readBody(exchange, this.body, bytes, at, end)
    }
    if (this.exchange?.client?.flush() === false) this.socket.pause()
  }

  private readHead(exchange: Exchange, bytes: Buffer, at: number, end: number): number {
    const { house, pending } = this
    const walker = pending?.walker ?? house.responseWalker
    const before = pending?.length ?? 0
    if (pending === null) walker.begin(at)
    const headEnd = pending === null ? walker.walk(bytes, end) : pending.add(bytes, at, end)
    if (headEnd === needMore) {
      if (pending === null) {
        this.pending = new PendingHead('response', house.limits)
        this.pending.add(bytes, at, end)
      }
      return end
    }
    this.pending = null
    const head =
      headEnd === refused
        ? (walker.refusal?.why ?? 'head')
        : readResponseHead(walker, pending === null ? bytes : pending.bytes, headEnd, exchange.head.method)
    if (typeof head === 'string') return this.malformed(exchange, head, end)
    const next = pending === null ? headEnd : at + headEnd - before
    if (head.status === 101) {
      if (exchange.head.upgrade === null || head.upgrade === null) return this.malformed(exchange, 'status 101', end)
      this.tunnel = true
      this.owner.upgraded(exchange, head)
      return next
    }
    if (head.status < 200) {
      exchange.client?.interim(exchange, head)
      return next
    }
    this.keepAlive = head.keepAlive
    this.untilClose = head.framing === 'until-close'
    this.body = toWalker(head)
    this.owner.headArrived(exchange, head)
    // A body without octets has no read that would end it.
    if (!this.dead && (head.framing === 'none' || (head.framing === 'length' && head.contentLength === 0)))
      this.finish(exchange, next < end)
    return next
  }

  private readBody(exchange: Exchange, body: BodyWalker, bytes: Buffer, at: number, end: number): number {
    body.feed(at, end)
    for (;;) {
      switch (body.next(bytes)) {
        case bodyStep.data:
          if (exchange.client !== null) exchange.client.answerData(exchange, bytes, body.dataStart, body.dataEnd)
          else if ((this.discarded += body.dataEnd - body.dataStart) > maxDiscardBytes) return this.giveUp(exchange, end)
          break
        case bodyStep.more:
          return end
        case bodyStep.end:
          this.finish(exchange, body.at < end)
          return body.at
        default:
          return this.malformed(exchange, body.why, end)
      }
    }
  }

  /** `surplus`: more octets stand behind the answer than it has. */
  private finish(exchange: Exchange, surplus: boolean): void {
    this.exchange = null
    this.body = null
    exchange.upstream = null
    this.served++
    if (this.keepAlive && !surplus && exchange.body.complete && !this.run.draining && !this.run.exited) {
      this.idleSinceMs = this.house.nowMs()
      this.run.idle.push(this)
    } else this.destroy()
    this.owner.answered(exchange)
  }

  private malformed(exchange: Exchange, why: string, end: number): number {
    exchange.upstream = null
    this.destroy()
    this.owner.answerMalformed(exchange, why)
    return end
  }

  /** Nobody wants the rest of an answer that is long. */
  private giveUp(exchange: Exchange, end: number): number {
    exchange.upstream = null
    this.destroy()
    this.owner.answered(exchange)
    return end
  }

  private closed(): void {
    if (this.dead) return
    const { exchange } = this
    this.destroy()
    if (exchange === null) return
    exchange.upstream = null
    if (this.tunnel) this.owner.upgradeEnded(exchange)
    else if (exchange.sentMs < 0) this.owner.connectFailed(exchange, this.errorCode)
    else {
      const reused = this.served > 0
      if (reused && this.inOneWrite && this.socket.brokenPipe) exchange.sentMs = -1
      this.owner.closedUnder(exchange, { reused, untilClose: this.untilClose })
    }
  }

  private forget(): void {
    this.dead = true
    this.run.connections.delete(this)
    const at = this.run.idle.indexOf(this)
    if (at !== -1) this.run.idle.splice(at, 1)
  }
}

function toConnect(address: Address): { path: string } | { host: string; port: number } {
  return address.tag === 'Unix' ? { path: address.path } : { host: address.host, port: address.port }
}

function toWalker(head: ResponseHead): BodyWalker {
  if (head.framing === 'chunked') return new ChunkWalker(false, maxChunkOverheadBytes)
  if (head.framing === 'until-close') return new LengthWalker(Infinity)
  return new LengthWalker(head.framing === 'none' ? 0 : head.contentLength)
}
