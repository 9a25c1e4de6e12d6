import { badLength, readContentLength } from './content-length.ts'
import { readConnectionOptions, type ConnectionOptions } from './connection-options.ts'
import { headerKind } from './header-kind.ts'
import type { HeadWalker } from './head-walker.ts'
import { withoutLines } from './request-head.ts'

/** How the end of a body is known (RFC 9112, section 6.3). */
export type BodyFraming = 'none' | 'length' | 'chunked' | 'until-close'

/** One answer's head, as it may be forwarded. Strings hold octets (latin1). */
export class ResponseHead {
  status = 0
  reason = ''
  framing: BodyFraming = 'none'
  /** Octets of the body when `framing` is `length`; what a Content-Length says of a body that isn't sent; else -1. */
  contentLength = -1
  /** Whether the server will take a further request on its connection. */
  keepAlive = true
  upgrade: string | null = null
  isEventStream = false
  hasRequestId = false
  /** The header lines to forward, each with its CRLF: none about the connection or the framing. */
  lines = ''
}

/** Judges the answer to a request of `method` that `walker` has walked in `bytes`, up to `end`; a string says why it can't be forwarded. */
export function readResponseHead(walker: HeadWalker, bytes: Buffer, end: number, method: string): ResponseHead | string {
  const head = new ResponseHead()
  const start = walker.firstStart
  const text = bytes.toString('latin1', start, end)
  const version = text.slice(0, walker.firstEnd - start)
  if (version !== 'HTTP/1.1' && version !== 'HTTP/1.0') return 'version'
  if (walker.secondEnd - walker.secondStart !== 3) return 'status'
  head.status = readContentLength(bytes, walker.secondStart, walker.secondEnd)
  if (head.status < 100 || head.status > 599) return 'status'
  head.reason = text.slice(walker.thirdStart - start, walker.thirdEnd - start)

  let length = -1
  let encoded = false
  let chunked = false
  let options: ConnectionOptions | null = null
  let keepFrom = walker.nameStart(0) - start
  let lines = ''
  const count = walker.count
  for (let header = 0; header < count; header++) {
    const kind = walker.kind(header)
    if (kind === headerKind.other || kind === headerKind.ambiguous) continue
    const valueStart = walker.valueStart(header)
    const valueEnd = walker.valueEnd(header)
    switch (kind) {
      case headerKind.contentLength: {
        const said = readContentLength(bytes, valueStart, valueEnd)
        if (said === badLength || (length !== -1 && length !== said)) return 'Content-Length'
        length = said
        break
      }
      case headerKind.transferEncoding:
        if (encoded || text.slice(valueStart - start, valueEnd - start).toLowerCase() !== 'chunked') return 'Transfer-Encoding'
        encoded = true
        chunked = true
        break
      case headerKind.connection:
        options = readConnectionOptions(text.slice(valueStart - start, valueEnd - start), options)
        if (options === null) return 'Connection'
        break
      case headerKind.upgrade:
        head.upgrade = text.slice(valueStart - start, valueEnd - start)
        break
      case headerKind.hop:
        break
      case headerKind.contentType:
        head.isEventStream = isEventStream(text.slice(valueStart - start, valueEnd - start))
        continue
      case headerKind.requestId:
        head.hasRequestId = true
        continue
      default:
        continue
    }
    const lineStart = walker.nameStart(header) - start
    if (lineStart > keepFrom) lines += text.slice(keepFrom, lineStart)
    keepFrom = header + 1 < count ? walker.nameStart(header + 1) - start : end - start - 2
  }
  if (count > 0 && keepFrom < end - start - 2) lines += text.slice(keepFrom, end - start - 2)
  head.lines = options === null || options.named.length === 0 ? lines : withoutLines(lines, options.named)

  const bodiless = head.status < 200 || head.status === 204 || head.status === 304
  if (bodiless || method === 'HEAD') head.framing = 'none'
  else if (chunked) head.framing = 'chunked'
  else head.framing = length === -1 ? 'until-close' : 'length'
  // RFC 9112, section 6.3: Transfer-Encoding overrides Content-Length, and whoever sent both may be an attack on its own connection.
  if (!chunked && head.status >= 200 && head.status !== 204 && head.status !== 304) head.contentLength = length
  const http10 = version === 'HTTP/1.0'
  head.keepAlive =
    head.framing !== 'until-close' &&
    !(chunked && length !== -1) &&
    (options === null ? !http10 : !options.close && (!http10 || options.keepAlive))
  return head
}

function isEventStream(contentType: string): boolean {
  return contentType.slice(0, 17).toLowerCase() === 'text/event-stream'
}
