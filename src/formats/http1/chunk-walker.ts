import { bodyStep, type BodyWalker } from './body-walker.ts'
import { cr, fieldBit, lf, octetKinds, space, tab } from './octets.ts'

const phase = {
  size: 0,
  extension: 1,
  sizeLf: 2,
  data: 3,
  dataCr: 4,
  dataLf: 5,
  trailer: 6,
  trailerLine: 7,
  trailerLf: 8,
  endLf: 9,
} as const

/** 2^48 bytes: longer than any body, and exact as a number. */
const maxSizeDigits = 12

/**
 * Takes the chunked coding off a body (RFC 9112, section 7.1), from any split into reads. Chunk extensions are either refused or taken off;
 * trailers are taken off, within a bound. Strict as to line ends: CRLF only.
 */
export class ChunkWalker implements BodyWalker {
  at = 0
  dataStart = 0
  dataEnd = 0
  why = ''

  private end = 0
  private phase: number = phase.size
  private left = 0
  private digits = 0
  private overhead = 0
  private readonly refuseExtensions: boolean
  private readonly maxOverheadBytes: number

  /** `maxOverheadBytes` bounds the extensions of one chunk, and all trailers. */
  constructor(refuseExtensions: boolean, maxOverheadBytes: number) {
    this.refuseExtensions = refuseExtensions
    this.maxOverheadBytes = maxOverheadBytes
  }

  feed(start: number, end: number): void {
    this.at = start
    this.end = end
  }

  next(bytes: Uint8Array): number {
    while (this.at < this.end) {
      const octet = bytes[this.at]!
      switch (this.phase) {
        case phase.size: {
          const digit = hexDigit(octet)
          if (digit !== -1) {
            if (++this.digits > maxSizeDigits) return this.bad('chunk size')
            this.left = this.left * 16 + digit
          } else if (this.digits === 0) return this.bad('chunk size')
          else if (octet === cr) this.phase = phase.sizeLf
          else if (this.refuseExtensions) return this.bad('chunk extension')
          else if (octet === 0x3b || octet === space || octet === tab) this.phase = phase.extension
          else return this.bad('chunk size')
          break
        }
        case phase.extension:
          if (octet === cr) this.phase = phase.sizeLf
          else if ((octetKinds[octet]! & fieldBit) === 0) return this.bad('chunk extension')
          else if (++this.overhead > this.maxOverheadBytes) return this.bad('longer than a chunk extension may be')
          break
        case phase.sizeLf:
          if (octet !== lf) return this.bad('chunk size')
          this.digits = 0
          this.overhead = 0
          this.phase = this.left === 0 ? phase.trailer : phase.data
          break
        case phase.data: {
          const length = Math.min(this.left, this.end - this.at)
          this.dataStart = this.at
          this.dataEnd = this.at + length
          this.at += length
          this.left -= length
          if (this.left === 0) this.phase = phase.dataCr
          return bodyStep.data
        }
        case phase.dataCr:
          if (octet !== cr) return this.bad('end of a chunk')
          this.phase = phase.dataLf
          break
        case phase.dataLf:
          if (octet !== lf) return this.bad('end of a chunk')
          this.phase = phase.size
          break
        case phase.trailer:
          if (octet === cr) {
            this.phase = phase.endLf
            break
          }
          this.phase = phase.trailerLine
          continue
        case phase.trailerLine:
          if (octet === cr) this.phase = phase.trailerLf
          else if ((octetKinds[octet]! & fieldBit) === 0) return this.bad('trailer')
          else if (++this.overhead > this.maxOverheadBytes) return this.bad('longer than trailers may be')
          break
        case phase.trailerLf:
          if (octet !== lf) return this.bad('trailer')
          this.phase = phase.trailer
          break
        default:
          if (octet !== lf) return this.bad('end of a body')
          this.at++
          this.phase = phase.size
          this.overhead = 0
          return bodyStep.end
      }
      this.at++
    }
    return bodyStep.more
  }

  private bad(why: string): number {
    this.why = why
    return bodyStep.bad
  }
}

function hexDigit(octet: number): number {
  if (octet >= 0x30 && octet <= 0x39) return octet - 0x30
  const lower = octet | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}
