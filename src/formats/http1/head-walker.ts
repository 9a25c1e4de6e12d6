import { headerKind, headerKindOf } from './header-kind.ts'
import { colon, cr, fieldBit, lf, octetKinds, space, tab, targetBit, tokenBit } from './octets.ts'
import { malformed, type Refusal } from './refusal.ts'

export interface HeadLimits {
  readonly maxHeadBytes: number
  readonly maxTargetBytes: number
  readonly maxHeaders: number
}

/** What `walk` answers besides the offset behind the head. */
export const needMore = -1
export const refused = -2

const phase = {
  leading: 0,
  leadingLf: 1,
  first: 2,
  second: 3,
  third: 4,
  startLf: 5,
  line: 6,
  name: 7,
  padding: 8,
  value: 9,
  valueLf: 10,
  endLf: 11,
} as const

/** Numbers kept for each header line. */
const spanWidth = 5

/**
 * Walks the start line and header lines of one HTTP/1.1 message (RFC 9112, sections 2 to 5), octet by octet, strictly:
 * CRLF only, no folding, no space before a colon, no control characters. It can be stopped at any octet and goes on with the next chunk,
 * as long as all octets since `begin` stand in one buffer. Positions are offsets into that buffer.
 */
export class HeadWalker {
  /** The three parts of the start line: method, target, version; or version, status, reason. */
  firstStart = 0
  firstEnd = 0
  secondStart = 0
  secondEnd = 0
  thirdStart = 0
  thirdEnd = 0
  /** Header lines seen. */
  count = 0
  refusal: Refusal | null = null

  private phase: number = phase.leading
  private at = 0
  private start = 0
  private lastVisible = 0
  private readonly spans: Int32Array
  private readonly limits: HeadLimits
  private readonly isRequest: boolean

  constructor(message: 'request' | 'response', limits: HeadLimits) {
    this.isRequest = message === 'request'
    this.limits = limits
    this.spans = new Int32Array(limits.maxHeaders * spanWidth)
  }

  nameStart(header: number): number {
    return this.spans[header * spanWidth]!
  }

  nameEnd(header: number): number {
    return this.spans[header * spanWidth + 1]!
  }

  valueStart(header: number): number {
    return this.spans[header * spanWidth + 2]!
  }

  /** Behind the last octet that is not white space. */
  valueEnd(header: number): number {
    return this.spans[header * spanWidth + 3]!
  }

  kind(header: number): number {
    return this.spans[header * spanWidth + 4]!
  }

  begin(start: number): void {
    this.start = start
    this.at = start
    this.count = 0
    this.refusal = null
    // RFC 9112, section 2.2: a server ignores empty lines before a request line.
    this.phase = this.isRequest ? phase.leading : phase.first
    this.firstStart = start
  }

  /** The offset behind the head's last octet, `needMore`, or `refused` (then `refusal` says why). */
  walk(bytes: Uint8Array, end: number): number {
    const stop = Math.min(end, this.start + this.limits.maxHeadBytes)
    let at = this.at
    while (at < stop) {
      const octet = bytes[at]!
      switch (this.phase) {
        case phase.leading:
          if (octet === cr) this.phase = phase.leadingLf
          else {
            this.firstStart = at
            this.phase = phase.first
            continue
          }
          break
        case phase.leadingLf:
          if (octet !== lf) return this.refuse('carriage return without line feed')
          this.phase = phase.leading
          break
        case phase.first:
          while (at < stop && isStartOctet(bytes[at]!)) at++
          if (at === stop) continue
          if (bytes[at] !== space || at === this.firstStart) return this.refuse('start line')
          this.firstEnd = at
          this.secondStart = at + 1
          this.phase = phase.second
          break
        case phase.second:
          while (at < stop && (octetKinds[bytes[at]!]! & targetBit) !== 0) at++
          if (this.isRequest && at - this.secondStart > this.limits.maxTargetBytes)
            return this.refuse('longer than a target may be', 'TARGET_TOO_LONG')
          if (at === stop) continue
          if (at === this.secondStart) return this.refuse('start line')
          this.secondEnd = at
          this.thirdStart = at + 1
          if (bytes[at] === space) this.phase = phase.third
          // Some servers leave out the space before an empty reason.
          else if (bytes[at] === cr && !this.isRequest) {
            this.thirdStart = at
            this.thirdEnd = at
            this.phase = phase.startLf
          } else return this.refuse('start line')
          break
        case phase.third:
          while (at < stop && (octetKinds[bytes[at]!]! & fieldBit) !== 0) at++
          if (at === stop) continue
          if (bytes[at] !== cr) return this.refuse('control character in the start line')
          this.thirdEnd = at
          this.phase = phase.startLf
          break
        case phase.startLf:
        case phase.valueLf:
          if (octet !== lf) return this.refuse('carriage return without line feed')
          this.phase = phase.line
          break
        case phase.line:
          if (octet === cr) {
            this.phase = phase.endLf
            break
          }
          if (octet === space || octet === tab) return this.refuse('folded header line')
          if (this.count === this.limits.maxHeaders) return this.refuse('too many header lines', 'HEAD_TOO_LARGE')
          this.spans[this.count * spanWidth] = at
          this.phase = phase.name
          continue
        case phase.name:
          while (at < stop && (octetKinds[bytes[at]!]! & tokenBit) !== 0) at++
          if (at === stop) continue
          if (bytes[at] !== colon || at === this.nameStart(this.count)) return this.refuse('header name')
          this.endName(bytes, at)
          this.phase = phase.padding
          break
        case phase.padding:
          while (at < stop && (bytes[at] === space || bytes[at] === tab)) at++
          if (at === stop) continue
          this.spans[this.count * spanWidth + 2] = at
          this.lastVisible = at
          this.phase = phase.value
          continue
        case phase.value: {
          let lastVisible = this.lastVisible
          for (; at < stop; at++) {
            const octet = bytes[at]!
            if ((octetKinds[octet]! & fieldBit) === 0) break
            if (octet !== space && octet !== tab) lastVisible = at + 1
          }
          this.lastVisible = lastVisible
          if (at === stop) continue
          if (bytes[at] !== cr) return this.refuse('control character in a header')
          this.spans[this.count * spanWidth + 3] = lastVisible
          this.count++
          this.phase = phase.valueLf
          break
        }
        default:
          if (octet !== lf) return this.refuse('carriage return without line feed')
          this.at = at + 1
          return at + 1
      }
      at++
    }
    this.at = at
    return stop < this.start + this.limits.maxHeadBytes ? needMore : this.refuse('longer than a head may be', 'HEAD_TOO_LARGE')
  }

  private endName(bytes: Uint8Array, end: number): void {
    const start = this.nameStart(this.count)
    this.spans[this.count * spanWidth + 1] = end
    const kind = headerKindOf(bytes, start, end)
    this.spans[this.count * spanWidth + 4] =
      (kind === headerKind.other || kind === headerKind.vouched) && hasUnderscore(bytes, start, end) ? headerKind.ambiguous : kind
  }

  private refuse(why: string, code: Refusal['code'] = 'REQUEST_MALFORMED'): number {
    this.refusal = code === 'REQUEST_MALFORMED' ? malformed(why) : { code, why }
    return refused
  }
}

/** A method is a token; a version has a slash as well. */
function isStartOctet(octet: number): boolean {
  return (octetKinds[octet]! & tokenBit) !== 0 || octet === 0x2f
}

function hasUnderscore(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at] === 0x5f) return true
  return false
}
