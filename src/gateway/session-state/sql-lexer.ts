/** Kinds of token. Keywords are words: what they mean is the reader's business. */
export const token = {
  End: 0,
  /** Unquoted identifier or keyword. */
  Word: 1,
  /** `"…"`; `start` and `end` lie inside the quotes, where `""` stands for one quote. */
  Quoted: 2,
  /** Any string constant; `start` and `end` enclose all of it, prefix and quotes included. */
  Text: 3,
  Number: 4,
  /** `$1`. */
  Parameter: 5,
  /** One byte of anything else: punctuation or a part of an operator; `byte` says which. */
  Other: 6,
} as const

const zero = 0x30
const backslash = 0x5c
const quote = 0x27
const doubleQuote = 0x22
const dollar = 0x24

/** Classes of bytes in identifiers (`ident_start`, `ident_cont` in `src/backend/parser/scan.l`): bytes of other alphabets are letters. */
const letter = 1
const digit = 2
const space = 4
const byteClass = new Uint8Array(256)
for (let byte = 0x80; byte < 0x100; byte += 1) byteClass[byte] = letter
for (let at = 0; at < 26; at += 1) byteClass[0x41 + at] = byteClass[0x61 + at] = letter
byteClass[0x5f] = letter
for (let at = 0; at < 10; at += 1) byteClass[zero + at] = digit
for (const byte of [0x20, 0x09, 0x0a, 0x0b, 0x0c, 0x0d]) byteClass[byte] = space

/**
 * Cuts SQL text into tokens as PostgreSQL does (`src/backend/parser/scan.l`), on bytes, without allocating.
 * The text's encoding must be one whose bytes under 0x80 are always ASCII (not SJIS, BIG5, GBK, UHC, JOHAB, GB18030).
 * Total: what PostgreSQL refuses comes out as some tokens; what doesn't end, ends with the text.
 */
export class SqlLexer {
  start = 0
  end = 0
  /** First byte of the token. */
  byte = 0

  #bytes: Buffer = Buffer.alloc(0)
  #at = 0
  #limit = 0
  #backslashEscapes = false

  /** `standardStrings`: the server's standard_conforming_strings. */
  begin(bytes: Buffer, start: number, end: number, standardStrings: boolean): void {
    this.#bytes = bytes
    this.#at = start
    this.#limit = end
    this.#backslashEscapes = !standardStrings
  }

  next(): number {
    this.#skipBlanks()
    const bytes = this.#bytes
    const at = this.#at
    this.start = at
    if (at >= this.#limit) {
      this.end = at
      this.byte = 0
      return token.End
    }
    const byte = bytes[at]!
    this.byte = byte
    const kind = byteClass[byte]!
    if (kind === letter) return this.#word(byte)
    if (kind === digit || (byte === 0x2e && byteClass[this.#peek(1)] === digit)) return this.#number()
    if (byte === quote) return this.#text(at + 1, this.#backslashEscapes)
    if (byte === doubleQuote) return this.#quoted(at + 1)
    if (byte === dollar) return this.#dollar()
    return this.#token(token.Other, at + 1)
  }

  #peek(ahead: number): number {
    return this.#at + ahead < this.#limit ? this.#bytes[this.#at + ahead]! : 0
  }

  #token(kind: number, end: number): number {
    this.#at = end
    this.end = end
    return kind
  }

  #skipBlanks(): void {
    const bytes = this.#bytes
    for (;;) {
      while (this.#at < this.#limit && byteClass[bytes[this.#at]!] === space) this.#at += 1
      const byte = this.#peek(0)
      if (byte === 0x2d && this.#peek(1) === 0x2d) this.#skipLine()
      else if (byte === 0x2f && this.#peek(1) === 0x2a) this.#skipComment()
      else return
    }
  }

  #skipLine(): void {
    while (this.#at < this.#limit && this.#bytes[this.#at] !== 0x0a && this.#bytes[this.#at] !== 0x0d) this.#at += 1
  }

  /** Comments nest. */
  #skipComment(): void {
    let depth = 0
    do {
      if (this.#peek(0) === 0x2f && this.#peek(1) === 0x2a) {
        depth += 1
        this.#at += 2
      } else if (this.#peek(0) === 0x2a && this.#peek(1) === 0x2f) {
        depth -= 1
        this.#at += 2
      } else this.#at += 1
    } while (depth > 0 && this.#at < this.#limit)
    this.#at = Math.min(this.#at, this.#limit)
  }

  #word(first: number): number {
    const second = this.#peek(1)
    if (second === quote && (first === 0x45 || first === 0x65)) return this.#text(this.#at + 2, true)
    if (second === quote && (first === 0x42 || first === 0x62 || first === 0x58 || first === 0x78)) return this.#text(this.#at + 2, false)
    if (second === 0x26 && (first === 0x55 || first === 0x75)) {
      if (this.#peek(2) === quote) return this.#text(this.#at + 3, false)
      if (this.#peek(2) === doubleQuote) return this.#quoted(this.#at + 3)
    }
    const bytes = this.#bytes
    let end = this.#at + 1
    while (end < this.#limit && ((byteClass[bytes[end]!]! & (letter | digit)) !== 0 || bytes[end] === dollar)) end += 1
    return this.#token(token.Word, end)
  }

  #number(): number {
    const digits = (from: number) => {
      let at = from
      while (at < this.#limit && byteClass[this.#bytes[at]!] === digit) at += 1
      return at
    }
    let end = digits(this.#at)
    if (this.#bytes[end] === 0x2e && end < this.#limit) end = digits(end + 1)
    if (end < this.#limit && (this.#bytes[end]! | 0x20) === 0x65) {
      const sign = this.#bytes[end + 1] === 0x2b || this.#bytes[end + 1] === 0x2d ? 1 : 0
      const exponent = digits(end + 1 + sign)
      // Without digits the `e` is not the number's: an `E'…'` may follow.
      if (exponent > end + 1 + sign) end = exponent
    }
    return this.#token(token.Number, end)
  }

  /** A string's end; one with backslashes goes on with them where another line's string continues it. */
  #text(from: number, escapes: boolean): number {
    const bytes = this.#bytes
    let at = from
    for (;;) {
      while (at < this.#limit && bytes[at] !== quote) at += escapes && bytes[at] === backslash ? 2 : 1
      at += 1
      if (at < this.#limit && bytes[at] === quote) {
        at += 1
        continue
      }
      const more = escapes ? this.#continuation(at) : -1
      if (more < 0) return this.#token(token.Text, Math.min(at, this.#limit))
      at = more
    }
  }

  /** Where a string goes on that ended at `from`: behind a newline, blanks and line comments, and a quote (`quotecontinue`). -1: nowhere. */
  #continuation(from: number): number {
    const bytes = this.#bytes
    let at = from
    let newline = false
    while (at < this.#limit) {
      const byte = bytes[at]!
      if (byte === 0x0a || byte === 0x0d) newline = true
      if (byteClass[byte] === space) at += 1
      else if (byte === 0x2d && bytes[at + 1] === 0x2d) while (at < this.#limit && bytes[at] !== 0x0a && bytes[at] !== 0x0d) at += 1
      else break
    }
    return newline && at < this.#limit && bytes[at] === quote ? at + 1 : -1
  }

  #quoted(from: number): number {
    const bytes = this.#bytes
    let at = from
    while (at < this.#limit && (bytes[at] !== doubleQuote || bytes[at + 1] === doubleQuote)) at += bytes[at] === doubleQuote ? 2 : 1
    const end = Math.min(at, this.#limit)
    this.#at = Math.min(end + 1, this.#limit)
    this.start = from
    this.end = end
    return token.Quoted
  }

  /** `$1`, or `$tag$…$tag$`, or a dollar sign by itself. */
  #dollar(): number {
    const bytes = this.#bytes
    const at = this.#at
    let end = at + 1
    while (end < this.#limit && byteClass[bytes[end]!] === digit) end += 1
    if (end > at + 1) return this.#token(token.Parameter, end)
    while (end < this.#limit && (byteClass[bytes[end]!]! & (letter | digit)) !== 0) end += 1
    if (end >= this.#limit || bytes[end] !== dollar) return this.#token(token.Other, at + 1)
    const close = bytes.subarray(0, this.#limit).indexOf(bytes.subarray(at, end + 1), end + 1)
    return this.#token(token.Text, close < 0 ? this.#limit : close + end + 1 - at)
  }
}
