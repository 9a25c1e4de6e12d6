import type { PassedToken } from './scanned-tokens.ts'
import type { SqlCursor } from './sql-cursor.ts'
import { token } from './sql-lexer.ts'
import { grammarWords } from './stateless-functions.ts'

const open = 0x28
const close = 0x29

/** Brackets deeper than this are not followed: what is not known to be a list counts as a call. */
const deepest = 30

/** Words with which the list of a WITH ends and its query begins. */
const queryBegins: ReadonlySet<string> = new Set(['select', 'insert', 'update', 'delete', 'merge', 'values', 'table'])

/**
 * Follows a statement, token by token, to know where a name with a bracket behind it is no call but a name with a list: the second part of
 * a WITH, an alias with columns, the type of a column. One bit for each depth of brackets: nothing is allocated.
 */
export class ColumnLists {
  /** Depths at which the parts of a WITH are listed. */
  #withs = 0
  /** Behind WITH: 1, behind the name of its first part: 2. */
  #withStep = 0
  /** Depths whose bracket is that of DISTINCT ON or OPERATOR: what follows it may be a call. */
  #callsFollow = 0
  /** The end of the ON of DISTINCT ON. */
  #distinctOn = -1
  #closedBeforeCall = false
  /** The end of a word behind which a method and its list follow: EXCLUDE USING, PARTITION BY outside of brackets. */
  #methodAfter = -1

  begin(afterWith: boolean): void {
    this.#withs = 0
    this.#withStep = afterWith ? 1 : 0
    this.#callsFollow = 0
    this.#distinctOn = -1
    this.#closedBeforeCall = false
    this.#methodAfter = -1
  }

  /** Before `previous` becomes the token at the cursor. */
  pass(cursor: SqlCursor, bytes: Buffer, previous: PassedToken): void {
    const { kind, depth } = cursor
    if (kind === token.Other) {
      const { byte } = cursor
      if (byte === open) this.#enter(depth, bytes, previous)
      else if (byte === close) this.#closedBeforeCall = has(this.#callsFollow, depth + 1)
      if (byte !== open) this.#withStep = 0
      return
    }
    if (this.#withStep !== 0) this.#followWith(cursor, depth)
    if (kind === token.Word) this.#passWord(cursor, bytes, previous, depth)
  }

  /** Whether the bracket at the cursor, behind a name that stands behind `before`, begins a list. */
  isList(depth: number, before: PassedToken): boolean {
    // A quoted name is no operator and no keyword, so what follows it is its alias or its type.
    if (before.kind === token.Quoted) return true
    if (before.isByte(close)) return !this.#closedBeforeCall
    // Between the parts of a WITH nothing is called.
    return has(this.#withs, depth - 1) || (before.kind === token.Word && before.end === this.#methodAfter)
  }

  #enter(depth: number, bytes: Buffer, previous: PassedToken): void {
    if (this.#withStep === 2) this.#withs |= bit(depth - 1)
    // `WITH a AS (…) (SELECT …) ORDER BY x, f(y)`
    else if (previous.isByte(close)) this.#withs &= ~bit(depth - 1)
    this.#withStep = 0
    this.#withs &= ~bit(depth)
    if (previous.end === this.#distinctOn || previous.isWord(bytes, 'operator')) this.#callsFollow |= bit(depth)
    else this.#callsFollow &= ~bit(depth)
  }

  #passWord(cursor: SqlCursor, bytes: Buffer, previous: PassedToken, depth: number): void {
    const { end } = cursor
    switch (end - cursor.start) {
      case 2:
        if (cursor.isWord('on') && previous.isWord(bytes, 'distinct')) this.#distinctOn = end
        else if (depth === 0 && cursor.isWord('by') && previous.isWord(bytes, 'partition')) this.#methodAfter = end
        return
      case 4:
        if (cursor.isWord('with')) this.#withStep = 1
        return
      case 5:
      case 6:
        if (has(this.#withs, depth) && queryBegins.has(cursor.text().toLowerCase())) this.#withs &= ~bit(depth)
        else if (cursor.isWord('using') && previous.isWord(bytes, 'exclude')) this.#methodAfter = end
        return
    }
  }

  #followWith(cursor: SqlCursor, depth: number): void {
    if (this.#withStep === 1 && (cursor.kind === token.Quoted || (cursor.kind === token.Word && !isPhrase(cursor.text().toLowerCase())))) {
      this.#withStep = cursor.isWord('recursive') ? 1 : 2
    } else if (this.#withStep === 2 && cursor.isWord('as')) {
      this.#withs |= bit(depth)
      this.#withStep = 0
    } else {
      this.#withStep = 0
    }
  }
}

/** `WITH ORDINALITY AS`, `WITH OPERATOR (`, `IS JSON WITH UNIQUE AS`, `WITH TIME ZONE`: no part of a WITH is named so, or must be quoted. */
function isPhrase(word: string): boolean {
  return word === 'ordinality' || word === 'operator' || grammarWords.has(word)
}

function bit(depth: number): number {
  return depth >= 0 && depth <= deepest ? 1 << depth : 0
}

function has(bits: number, depth: number): boolean {
  return (bits & bit(depth)) !== 0
}
