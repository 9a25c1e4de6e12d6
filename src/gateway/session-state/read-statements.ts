import { mayChangeSession, readSession } from './read-session-statement.ts'
import type { StatementContext } from './statement-context.ts'
import { readTransaction } from './read-transaction-statement.ts'
import { scanCalls, type Scan } from './call-scan.ts'
import { SqlCursor } from './sql-cursor.ts'
import { token } from './sql-lexer.ts'
import { nothing, plainRead, plainWrite, tainted, type Statement } from './statement.ts'

const cursor = new SqlCursor()

/** Texts of one statement, the rule, share these answers. */
const oneRead: readonly Statement[] = [plainRead]
const oneWrite: readonly Statement[] = [plainWrite]

/**
 * What the statements of a query text do to the session, one entry for each that the server will answer (none for empty ones).
 * `standardStrings`: the server's standard_conforming_strings. Total: what can't be read is a taint.
 */
export function readStatements(bytes: Buffer, start: number, end: number, standardStrings: boolean): readonly Statement[] {
  cursor.begin(bytes, start, end, standardStrings)
  cursor.skipEmpty()
  if (cursor.atTextEnd) return []
  const first = readStatement(bytes, standardStrings)
  cursor.skipEmpty()
  if (cursor.atTextEnd) return first === plainRead ? oneRead : first === plainWrite ? oneWrite : [first]
  const statements = [first]
  while (!cursor.atTextEnd) {
    statements.push(readStatement(bytes, standardStrings))
    cursor.skipEmpty()
  }
  return statements
}

function readStatement(bytes: Buffer, standardStrings: boolean): Statement {
  const { start } = cursor
  const firstWord = { start, end: cursor.kind === token.Word ? cursor.end : start }
  if (cursor.takeWord('select') && !mayChangeSession(cursor)) return scanned(scanCalls(cursor, bytes, firstWord, standardStrings), false)
  const word = firstWord.end === start ? '' : bytes.toString('latin1', start, firstWord.end).toLowerCase()
  // A bracket: `(SELECT …) UNION …`
  if (cursor.kind === token.Word && cursor.start === start) cursor.advance()
  const context: StatementContext = {
    cursor,
    bytes,
    start,
    standardStrings,
    rest: () => scanCalls(cursor, bytes, firstWord, standardStrings),
  }
  const statement = dispatch(word, context)
  while (!cursor.atStatementEnd) cursor.advance()
  return statement
}

function dispatch(word: string, context: StatementContext): Statement {
  switch (word) {
    case 'select':
    case 'with':
    case 'values':
    case 'table':
    case '':
      return readSession(word, context) ?? scanned(context.rest(), false)
    case 'insert':
    case 'update':
    case 'delete':
    case 'merge':
    case 'explain':
    case 'copy':
    case 'alter':
      return scanned(context.rest(), true)
    // These have no place for an expression of the client.
    case 'drop':
    case 'truncate':
    case 'comment':
    case 'grant':
    case 'revoke':
    case 'reassign':
    case 'analyze':
    case 'analyse':
    case 'vacuum':
    case 'reindex':
    case 'cluster':
    case 'refresh':
    case 'security':
    case 'import':
    case 'notify':
    case 'checkpoint':
      return plainWrite
    case 'create':
      return readCreate(context)
    case 'show':
    case 'fetch':
    case 'move':
    case 'lock':
      return plainRead
    default:
      return (
        readTransaction(word, cursor) ?? readSession(word, context) ?? tainted('other', word === '' ? 'a statement' : word.toUpperCase())
      )
  }
}

function scanned({ writes, taint }: Scan, alwaysWrites: boolean): Statement {
  if (taint !== null) return { effect: nothing, writes: writes || alwaysWrites, taint }
  return writes || alwaysWrites ? plainWrite : plainRead
}

function readCreate({ rest }: StatementContext): Statement {
  cursor.takeWord('or')
  cursor.takeWord('replace')
  if (!cursor.takeWord('local')) cursor.takeWord('global')
  if (cursor.isWord('temp') || cursor.isWord('temporary')) return tainted('temporary', 'temporary table')
  if (cursor.isWord('unique') || cursor.isWord('index')) passIndexedTable()
  else if (cursor.isWord('function') || cursor.isWord('procedure')) return readRoutine()
  return scanned(rest(), true)
}

/** `UNIQUE INDEX CONCURRENTLY name ON ONLY schema.table USING method`: behind it stands a list of columns and expressions. */
function passIndexedTable(): void {
  while (!cursor.atStatementEnd && !cursor.isByte(0x28)) cursor.advance()
}

/** A body of statements (BEGIN ATOMIC) runs at calls only and has semicolons of its own. */
function readRoutine(): Statement {
  while (!cursor.atStatementEnd) {
    const begins = cursor.isWord('begin')
    cursor.advance()
    if (begins && cursor.isWord('atomic')) cursor.openBody()
  }
  return plainWrite
}
