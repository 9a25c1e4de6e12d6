import { sameWord, type SqlCursor } from './sql-cursor.ts'
import { token } from './sql-lexer.ts'

/** A token that was passed. */
export class PassedToken {
  kind: number = token.End
  /** Of punctuation; else 0. */
  byte = 0
  start = 0
  end = 0

  beWord(start: number, end: number): void {
    this.kind = token.Word
    this.byte = 0
    this.start = start
    this.end = end
  }

  become(cursor: SqlCursor): void {
    this.kind = cursor.kind
    this.byte = cursor.kind === token.Other ? cursor.byte : 0
    this.start = cursor.start
    this.end = cursor.end
  }

  copy({ kind, byte, start, end }: PassedToken): void {
    this.kind = kind
    this.byte = byte
    this.start = start
    this.end = end
  }

  isWord(bytes: Buffer, word: string): boolean {
    return this.kind === token.Word && sameWord(bytes, this.start, this.end, word)
  }

  isByte(byte: number): boolean {
    return this.kind === token.Other && this.byte === byte
  }
}

/** A name with its qualifiers, and what stands before it. */
export class ScannedName {
  parts = 0
  kind = 0
  start = 0
  end = 0
  qualifierStart = 0
  qualifierEnd = 0
  readonly before = new PassedToken()

  begin(cursor: SqlCursor, previous: PassedToken): void {
    this.parts = 1
    this.kind = cursor.kind
    this.start = cursor.start
    this.end = cursor.end
    this.before.copy(previous)
  }

  extend(cursor: SqlCursor): void {
    this.parts += 1
    this.qualifierStart = this.start
    this.qualifierEnd = this.end
    this.kind = cursor.kind
    this.start = cursor.start
    this.end = cursor.end
  }
}
