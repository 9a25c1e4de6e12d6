import { SqlLexer, token } from './sql-lexer.ts'

const semicolon = 0x3b

/** A lexer that knows where statements end: at a semicolon outside brackets and outside the body of a SQL-standard function. */
export class SqlCursor {
  kind: number = token.End
  #lexer = new SqlLexer()
  #bytes: Buffer = Buffer.alloc(0)
  #depth = 0
  /** Open BEGIN ATOMIC and CASE of a function's body. */
  #blocks = 0

  begin(bytes: Buffer, start: number, end: number, standardStrings: boolean): void {
    this.#bytes = bytes
    this.#lexer.begin(bytes, start, end, standardStrings)
    this.#depth = 0
    this.#blocks = 0
    this.advance()
  }

  get start(): number {
    return this.#lexer.start
  }

  get end(): number {
    return this.#lexer.end
  }

  get byte(): number {
    return this.#lexer.byte
  }

  /** Open brackets, that of the token itself included. */
  get depth(): number {
    return this.#depth
  }

  get atTextEnd(): boolean {
    return this.kind === token.End
  }

  get atStatementEnd(): boolean {
    return (
      this.kind === token.End || (this.kind === token.Other && this.#lexer.byte === semicolon && this.#depth <= 0 && this.#blocks === 0)
    )
  }

  advance(): void {
    const kind = this.#lexer.next()
    this.kind = kind
    if (kind === token.Other) {
      const byte = this.#lexer.byte
      if (byte === 0x28 || byte === 0x5b) this.#depth += 1
      else if (byte === 0x29 || byte === 0x5d) this.#depth -= 1
    } else if (kind === token.Word && this.#blocks > 0) {
      if (this.isWord('case')) this.#blocks += 1
      else if (this.isWord('end')) this.#blocks -= 1
    }
  }

  /** Passes the semicolons between statements. */
  skipEmpty(): void {
    while (this.kind === token.Other && this.#lexer.byte === semicolon) this.beginStatement()
  }

  beginStatement(): void {
    this.#depth = 0
    this.#blocks = 0
    this.advance()
  }

  /** The cursor stands on the ATOMIC of a function's body. */
  openBody(): void {
    this.#blocks = 1
  }

  /** Whether the token is this keyword; `word` in lower case. */
  isWord(word: string): boolean {
    return this.kind === token.Word && sameWord(this.#bytes, this.#lexer.start, this.#lexer.end, word)
  }

  /** Passes this keyword if it is next. */
  takeWord(word: string): boolean {
    if (!this.isWord(word)) return false
    this.advance()
    return true
  }

  isByte(byte: number): boolean {
    return this.kind === token.Other && this.#lexer.byte === byte
  }

  /** The token as it is written. */
  text(): string {
    return this.#bytes.toString('latin1', this.#lexer.start, this.#lexer.end)
  }

  /** An identifier as PostgreSQL folds it, in bytes; null for anything else, and for `U&"…"`. */
  identifier(): string | null {
    if (this.kind === token.Word) return foldAscii(this.text())
    return this.kind === token.Quoted && this.#lexer.byte === 0x22 ? this.text().replaceAll('""', '"') : null
  }

  takeIdentifier(): string | null {
    const name = this.identifier()
    if (name !== null) this.advance()
    return name
  }
}

/** ASCII only: in other bytes PostgreSQL changes nothing where an encoding has more than one byte for a letter. */
export function foldAscii(text: string): string {
  return text.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase())
}

export function sameWord(bytes: Buffer, start: number, end: number, word: string): boolean {
  if (end - start !== word.length) return false
  for (let at = 0; at < word.length; at += 1) {
    const byte = bytes[start + at]!
    if ((byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte) !== word.charCodeAt(at)) return false
  }
  return true
}
