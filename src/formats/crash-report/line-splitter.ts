import { StringDecoder } from 'node:string_decoder'

/** Longest line kept, in UTF-16 units: a whole 37 KB report escaped into one JSON line fits many times; the rest of a longer line is dropped. */
export const maxLineUnits = 256 * 1024

/** Bytes decoded at once, so that memory stays bounded whatever a caller pushes. */
const sliceBytes = 64 * 1024

type Encoding = 'utf8' | 'utf16le' | 'utf16be'

/** Cuts a byte stream into lines. UTF-8 by default, UTF-16 by byte-order mark or by its zero bytes. Lines come without their ending. */
export class LineSplitter {
  readonly #onLine: (line: string) => void
  #decoder: StringDecoder | null = null
  #encoding: Encoding = 'utf8'
  #carry = ''
  #skipping = false
  /** Odd byte of a big-endian pair that was cut. */
  #half: Buffer | null = null

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0) return
    this.#decoder ??= this.#startDecoder(chunk)
    for (let at = 0; at < chunk.length; at += sliceBytes) this.#text(this.#decode(chunk.subarray(at, at + sliceBytes)))
  }

  end(): void {
    if (this.#decoder !== null) this.#text(this.#decoder.end())
    if (this.#carry !== '' && !this.#skipping) this.#line(this.#carry)
    this.#carry = ''
  }

  #startDecoder(first: Buffer): StringDecoder {
    this.#encoding = guessEncoding(first)
    return new StringDecoder(this.#encoding === 'utf8' ? 'utf8' : 'utf16le')
  }

  #decode(bytes: Buffer): string {
    const decoder = this.#decoder
    if (decoder === null) return ''
    if (this.#encoding !== 'utf16be') return decoder.write(bytes)
    const whole = this.#half === null ? Buffer.from(bytes) : Buffer.concat([this.#half, bytes])
    const even = whole.length - (whole.length % 2)
    this.#half = even === whole.length ? null : whole.subarray(even)
    return decoder.write(whole.subarray(0, even).swap16())
  }

  #text(text: string): void {
    let from = 0
    for (;;) {
      const at = text.indexOf('\n', from)
      if (at < 0) break
      if (this.#skipping) this.#skipping = false
      else if (this.#carry === '') this.#line(text.slice(from, at))
      else {
        this.#line(this.#carry + text.slice(from, at))
        this.#carry = ''
      }
      from = at + 1
    }
    if (this.#skipping || from === text.length) return
    this.#carry += text.slice(from)
    if (this.#carry.length <= maxLineUnits) return
    this.#line(this.#carry.slice(0, maxLineUnits))
    this.#carry = ''
    this.#skipping = true
  }

  #line(line: string): void {
    this.#onLine(line.endsWith('\r') ? line.slice(0, -1) : line)
  }
}

function guessEncoding(first: Buffer): Encoding {
  if (first[0] === 0xff && first[1] === 0xfe) return 'utf16le'
  if (first[0] === 0xfe && first[1] === 0xff) return 'utf16be'
  let even = 0
  let odd = 0
  const seen = Math.min(first.length, 256) & ~1
  for (let at = 0; at < seen; at += 2) {
    if (first[at] === 0) even += 1
    if (first[at + 1] === 0) odd += 1
  }
  // Mostly ASCII text in UTF-16 has a zero in nearly every pair, always on the same side.
  if (seen >= 16 && odd > seen * 0.35 && even < seen * 0.05) return 'utf16le'
  if (seen >= 16 && even > seen * 0.35 && odd < seen * 0.05) return 'utf16be'
  return 'utf8'
}
