import { bodyStep, type BodyWalker } from '../formats/http1/body-walker.ts'
import { ChunkWalker } from '../formats/http1/chunk-walker.ts'
import { needMore, refused, type HeadWalker } from '../formats/http1/head-walker.ts'
import { LengthWalker } from '../formats/http1/length-walker.ts'
import { PendingHead } from '../formats/http1/pending-head.ts'
import { malformed, type Refusal } from '../formats/http1/refusal.ts'
import { readRequestHead, RequestHead } from '../formats/http1/request-head.ts'
import type { FrontDoorSettings } from './options.ts'

/** What a reader finds, in the order of the octets. */
export interface RequestSink {
  /** `isLast`: nothing stands behind the head in this read. */
  headRead(head: RequestHead, isLast: boolean): void
  bodyRead(bytes: Buffer): void
  bodyEnded(): void
  /** Nothing more can be read from this client. `head` is null when the head itself is refused. */
  refused(refusal: Refusal, head: RequestHead | null): void
}

/** Reads the requests of one client, one step at a time: a head, or what a read holds of a body. */
export class RequestReader {
  private readonly settings: FrontDoorSettings
  /** Shared by all clients: it walks heads that are whole in one read. */
  private readonly walker: HeadWalker
  private readonly trusted: boolean
  private readonly sink: RequestSink
  private pending: PendingHead | null = null
  private body: BodyWalker | null = null
  private bodyBytes = 0

  constructor(settings: FrontDoorSettings, walker: HeadWalker, trusted: boolean, sink: RequestSink) {
    this.settings = settings
    this.walker = walker
    this.trusted = trusted
    this.sink = sink
  }

  get isInHead(): boolean {
    return this.pending !== null
  }

  get isInBody(): boolean {
    return this.body !== null
  }

  /** Takes one step from `chunk[at]` on; answers where it ended. */
  step(chunk: Buffer, at: number): number {
    return this.body === null ? this.readHead(chunk, at) : this.readBody(this.body, chunk, at)
  }

  private readHead(chunk: Buffer, at: number): number {
    const { pending, settings } = this
    const walker = pending?.walker ?? this.walker
    const before = pending?.length ?? 0
    if (pending === null) walker.begin(at)
    const end = pending === null ? walker.walk(chunk, chunk.length) : pending.add(chunk, at, chunk.length)
    if (end === needMore) {
      if (pending !== null) return chunk.length
      this.pending = new PendingHead('request', settings)
      this.pending.add(chunk, at, chunk.length)
      return chunk.length
    }
    this.pending = null
    const bytes = pending === null ? chunk : pending.bytes
    const head = end === refused ? (walker.refusal ?? malformed('head')) : readRequestHead(walker, bytes, end, this.trusted)
    if (!(head instanceof RequestHead)) {
      this.sink.refused(head, null)
      return chunk.length
    }
    const { contentLength } = head
    if (contentLength !== null && contentLength > settings.maxBodyBytes) {
      this.sink.refused({ code: 'BODY_TOO_LARGE', why: `${contentLength} bytes` }, head)
      return chunk.length
    }
    const next = pending === null ? end : at + end - before
    this.bodyBytes = 0
    if (contentLength !== 0)
      this.body = contentLength === null ? new ChunkWalker(true, settings.maxHeadBytes) : new LengthWalker(contentLength)
    this.sink.headRead(head, next === chunk.length)
    return next
  }

  private readBody(walker: BodyWalker, chunk: Buffer, at: number): number {
    walker.feed(at, chunk.length)
    for (;;) {
      switch (walker.next(chunk)) {
        case bodyStep.data:
          this.bodyBytes += walker.dataEnd - walker.dataStart
          if (this.bodyBytes > this.settings.maxBodyBytes) return this.refuseBody({ code: 'BODY_TOO_LARGE', why: 'chunked body' }, chunk)
          this.sink.bodyRead(chunk.subarray(walker.dataStart, walker.dataEnd))
          break
        case bodyStep.more:
          return chunk.length
        case bodyStep.end:
          this.body = null
          this.sink.bodyEnded()
          return walker.at
        default:
          return this.refuseBody(malformed(walker.why), chunk)
      }
    }
  }

  private refuseBody(refusal: Refusal, chunk: Buffer): number {
    this.sink.refused(refusal, null)
    return chunk.length
  }
}
