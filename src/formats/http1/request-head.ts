import { badLength, readContentLength } from './content-length.ts'
import { headerKind } from './header-kind.ts'
import type { HeadWalker } from './head-walker.ts'
import { readConnectionOptions, type ConnectionOptions } from './connection-options.ts'
import { hostBit, methodBit, octetKinds } from './octets.ts'
import { malformed, type Refusal } from './refusal.ts'
import { readTarget } from './target.ts'

/** One request, as it may be forwarded. Strings hold octets (latin1). */
export class RequestHead {
  method = ''
  /** Origin form, or `*`. */
  target = ''
  host: string | null = null
  http10 = false
  /** Octets of the body; null when it is chunked. */
  contentLength: number | null = 0
  /** Whether the client wants its connection kept. */
  keepAlive = true
  /** The one protocol that the client asks to switch to, when that may be passed on. */
  upgrade: string | null = null
  expectsContinue = false
  hasIdempotencyKey = false
  accept = ''
  /** Null unless a trusted peer sent it. */
  requestId: string | null = null
  forwardedFor: string | null = null
  forwardedProto: string | null = null
  forwardedHost: string | null = null
  /** The header lines to forward, each with its CRLF: none about the connection, the framing, or what only a trusted peer may say. */
  lines = ''
}

/** RFC 9110, section 7.8: one protocol, perhaps with a version. HTTP/2 in the clear would tunnel requests past every check here. */
const forwardableUpgrade = /^(?!h2c?$)[!#$%&'*+.^_`|~0-9a-z-]+(\/[!#$%&'*+.^_`|~0-9a-z-]+)?$/i

/**
 * Judges the request that `walker` has walked in `bytes[start, end)`. What two parsers could read differently is refused.
 * `trusted` says whether the peer's forwarding headers are believed.
 */
export function readRequestHead(walker: HeadWalker, bytes: Buffer, end: number, trusted: boolean): RequestHead | Refusal {
  const head = new RequestHead()
  const start = walker.firstStart
  const text = bytes.toString('latin1', start, end)

  for (let at = walker.firstStart; at < walker.firstEnd; at++) if ((octetKinds[bytes[at]!]! & methodBit) === 0) return malformed('method')
  head.method = text.slice(0, walker.firstEnd - start)
  if (head.method === 'CONNECT' || head.method === 'TRACE') return { code: 'NOT_IMPLEMENTED', why: `method ${head.method}` }

  const version = text.slice(walker.thirdStart - start, walker.thirdEnd - start)
  if (version !== 'HTTP/1.1') {
    if (version === 'HTTP/1.0') head.http10 = true
    else return /^HTTP\/\d\.\d$/.test(version) ? { code: 'VERSION_UNSUPPORTED', why: version } : malformed('version')
  }

  const target = readTarget(head.method, text.slice(walker.secondStart - start, walker.secondEnd - start))
  if (target === null) return malformed('target')
  head.target = target.path

  let length = -1
  let chunked = false
  let options: ConnectionOptions | null = null
  let upgrade: string | null = null
  let keepFrom = walker.nameStart(0) - start
  let lines = ''
  const count = walker.count
  for (let header = 0; header < count; header++) {
    const kind = walker.kind(header)
    if (kind === headerKind.other) continue
    const valueStart = walker.valueStart(header)
    const valueEnd = walker.valueEnd(header)
    const value = text.slice(valueStart - start, valueEnd - start)
    let keep = false
    switch (kind) {
      case headerKind.host:
        if (head.host !== null) return malformed('two Host headers')
        if (valueStart === valueEnd) return malformed('empty Host')
        for (let at = valueStart; at < valueEnd; at++) if ((octetKinds[bytes[at]!]! & hostBit) === 0) return malformed('Host')
        head.host = value
        keep = true
        break
      case headerKind.contentLength:
        if (length !== -1) return malformed('two Content-Length headers')
        length = readContentLength(bytes, valueStart, valueEnd)
        if (length === badLength) return malformed('Content-Length')
        break
      case headerKind.transferEncoding:
        if (head.http10) return malformed('Transfer-Encoding in HTTP/1.0')
        if (chunked || value.toLowerCase() !== 'chunked') return malformed('Transfer-Encoding')
        chunked = true
        break
      case headerKind.connection:
        options = readConnectionOptions(value, options)
        if (options === null) return malformed('Connection')
        break
      case headerKind.upgrade:
        upgrade = upgrade === null ? value : ''
        break
      case headerKind.expect:
        if (value.toLowerCase() !== '100-continue') return { code: 'EXPECTATION_UNKNOWN', why: 'Expect' }
        head.expectsContinue = !head.http10
        break
      case headerKind.forwardedFor:
        if (trusted) head.forwardedFor = head.forwardedFor === null ? value : `${head.forwardedFor}, ${value}`
        break
      case headerKind.forwardedProto:
        if (trusted) head.forwardedProto = value
        break
      case headerKind.forwardedHost:
        if (trusted) head.forwardedHost = value
        break
      case headerKind.requestId:
        if (trusted) head.requestId = value
        break
      case headerKind.vouched:
        keep = trusted
        break
      case headerKind.idempotencyKey:
        head.hasIdempotencyKey = valueEnd > valueStart
        keep = true
        break
      case headerKind.accept:
        head.accept = value
        keep = true
        break
      case headerKind.contentType:
        keep = true
        break
      // Hop-by-hop and ambiguous ones go.
    }
    if (keep) continue
    const lineStart = walker.nameStart(header) - start
    if (lineStart > keepFrom) lines += text.slice(keepFrom, lineStart)
    keepFrom = header + 1 < count ? walker.nameStart(header + 1) - start : end - start - 2
  }
  if (count > 0 && keepFrom < end - start - 2) lines += text.slice(keepFrom, end - start - 2)
  head.lines = lines

  if (head.host === null && !head.http10) return malformed('no Host header')
  if (target.authority !== null && target.authority.toLowerCase() !== head.host?.toLowerCase())
    return malformed('target names another host')
  if (chunked && length !== -1) return malformed('both Transfer-Encoding and Content-Length')
  head.contentLength = chunked ? null : Math.max(0, length)
  head.keepAlive = options === null ? !head.http10 : !options.close && (!head.http10 || options.keepAlive)
  if (
    options !== null &&
    options.upgrade &&
    upgrade !== null &&
    head.contentLength === 0 &&
    !head.http10 &&
    forwardableUpgrade.test(upgrade)
  )
    head.upgrade = upgrade
  if (options !== null && options.named.length > 0) head.lines = withoutLines(head.lines, options.named)
  return head
}

/** Drops the lines whose names the Connection header gave, except the one that says for whom the request is. */
export function withoutLines(lines: string, names: readonly string[]): string {
  const kept = lines.split('\r\n').filter((line) => {
    const name = line.slice(0, line.indexOf(':')).toLowerCase()
    return name === 'host' || !names.includes(name)
  })
  return kept.join('\r\n')
}
