import { readSetConfig } from './set-config.ts'
import { ColumnLists } from './column-lists.ts'
import { PassedToken, ScannedName } from './scanned-tokens.ts'
import { sameWord, type SqlCursor } from './sql-cursor.ts'
import { token } from './sql-lexer.ts'
import type { Taint } from './statement.ts'
import { grammarWords, statelessFunctions, writingFunctions } from './stateless-functions.ts'

/** Unreserved keywords that the grammar has before brackets; a function of such a name would pass as one of PostgreSQL's own. */
const moreGrammarWords: ReadonlySet<string> = new Set(
  'by over filter set rollup cube sets insert conflict key include partition zone within stdin stdout escape inherits values'.split(' '),
)

/**
 * Before a name: what follows is a table, an alias, a type or the name of a function with a list behind it, never a call. `exists`: of
 * `CREATE TABLE IF NOT EXISTS x (`; where it asks for rows, a bracket follows it at once. `character`: of `character varying (`.
 */
const listsFollow: ReadonlySet<string> = new Set(
  'into table view as references with recursive tablesample execute copy exists ordinality character char bit nchar function procedure routine aggregate'.split(
    ' ',
  ),
)

const writers = ['insert', 'update', 'delete', 'merge']

const temporaryTable: Taint = { kind: 'temporary', what: 'temporary table' }

/** What the rest of a statement, walked to its end, calls and writes. */
export interface Scan {
  writes: boolean
  taint: Taint | null
}

/**
 * Walks a statement from behind its first word to its end and judges everything that looks like a function call. It errs on one side: what is not known
 * to be harmless is a taint. It can't see what runs unnamed: triggers, rules, defaults, casts and operators made by users.
 */
export function scanCalls(
  cursor: SqlCursor,
  bytes: Buffer,
  firstWord: { readonly start: number; readonly end: number },
  standardStrings: boolean,
): Scan {
  const scan: Scan = { writes: false, taint: null }
  name.parts = 0
  previous.beWord(firstWord.start, firstWord.end)
  lists.begin(previous.isWord(bytes, 'with'))
  while (!cursor.atStatementEnd) {
    const { kind, byte } = cursor
    if (kind === token.Word || kind === token.Quoted) {
      if (previous.byte === 0x2e && name.parts > 0) name.extend(cursor)
      else name.begin(cursor, previous)
      if (kind === token.Word) noticeWord(scan, cursor, bytes)
      else if (cursor.end - cursor.start >= 7 && sameWord(bytes, cursor.start, cursor.start + 7, 'pg_temp')) note(scan, temporaryTable)
    } else if (kind !== token.Other || byte !== 0x2e) {
      if (byte === 0x28 && name.parts > 0 && kind === token.Other) judge(scan, bytes, cursor, standardStrings)
      name.parts = 0
    }
    lists.pass(cursor, bytes, previous)
    previous.become(cursor)
    cursor.advance()
  }
  return scan
}

/** One scan at a time: they hold nothing between two. */
const previous = new PassedToken()
const name = new ScannedName()
const lists = new ColumnLists()

function noticeWord(scan: Scan, cursor: SqlCursor, bytes: Buffer): void {
  const { start, end } = cursor
  const length = end - start
  switch (bytes[start]! | 0x20) {
    case 0x69: // i
      if (length === 4 && cursor.isWord('into')) scan.writes = true
      break
    case 0x70: // p
      if (length >= 7 && sameWord(bytes, start, start + 7, 'pg_temp')) note(scan, temporaryTable)
      break
    case 0x74: // t
      if ((length === 4 || length === 9) && (cursor.isWord('temp') || cursor.isWord('temporary')) && announcesTable(bytes))
        note(scan, temporaryTable)
      break
  }
  // A part of WITH, or what comes behind its last.
  const clause = previous.byte === 0x28 || previous.byte === 0x29
  if (clause && (length === 5 || length === 6) && writers.some((word) => cursor.isWord(word))) scan.writes = true
}

/** `SELECT … INTO TEMP`; LOCAL and GLOBAL mean nothing and may stand between. */
function announcesTable(bytes: Buffer): boolean {
  return previous.isWord(bytes, 'into') || previous.isWord(bytes, 'local') || previous.isWord(bytes, 'global')
}

/** A name with a bracket behind it, on which the cursor stands. */
function judge(scan: Scan, bytes: Buffer, cursor: SqlCursor, standardStrings: boolean): void {
  const written = bytes.toString('latin1', name.start, name.end)
  const plain = name.kind === token.Word
  const called = plain ? written.toLowerCase() : written
  const known = name.parts === 1 || (name.parts === 2 && sameWord(bytes, name.qualifierStart, name.qualifierEnd, 'pg_catalog'))
  if (known && statelessFunctions.has(called)) {
    if (writingFunctions.has(called)) scan.writes = true
    return
  }
  if (plain && name.parts === 1 && (grammarWords.has(called) || moreGrammarWords.has(called))) return
  // `x::numeric(10, 2)`
  const { before } = name
  if (before.isByte(0x3a)) return
  if (before.kind === token.Word && listsFollow.has(bytes.toString('latin1', before.start, before.end).toLowerCase())) return
  if (lists.isList(cursor.depth, before)) return
  if (known && called === 'set_config' && readSetConfig(bytes, cursor.end, standardStrings)?.local === true) return
  scan.writes = true
  const isLock = known && /^pg_(try_)?advisory_lock/.test(called)
  note(scan, isLock ? { kind: 'lock', what: 'session advisory lock' } : { kind: 'other', what: `function ${called}` })
}

/** Of several the first is told; of several kinds no single one can be taken back. */
function note(scan: Scan, taint: Taint): void {
  if (scan.taint === null) scan.taint = taint
  else if (scan.taint.kind !== taint.kind) scan.taint = { kind: 'other', what: scan.taint.what }
}
