import type { Scan } from './call-scan.ts'
import { readSetConfig } from './set-config.ts'
import { readReset, readSet } from './read-set-statement.ts'
import type { StatementContext } from './statement-context.ts'
import type { SqlCursor } from './sql-cursor.ts'
import { only, plainRead, plainWrite, tainted, type Statement } from './statement.ts'

/** Statements that change what a session holds; null: `word` begins none of them. */
export function readSession(word: string, context: StatementContext): Statement | null {
  const { cursor, rest } = context
  switch (word) {
    case 'select':
      return readSelect(context)
    case 'set':
      return readSet(context)
    case 'reset':
      return readReset(context)
    case 'discard':
      return readDiscard(cursor)
    case 'prepare':
      return readPrepare(context)
    case 'execute': {
      const name = cursor.takeIdentifier()
      const { taint } = rest()
      return name === null ? tainted('other', 'EXECUTE') : { effect: { tag: 'Execute', name }, writes: true, taint }
    }
    case 'deallocate':
      cursor.takeWord('prepare')
      return only({ tag: 'Deallocate', name: cursor.isWord('all') ? null : cursor.identifier() })
    case 'declare':
      return readDeclare(context)
    case 'close':
      return cursor.isWord('all') ? only({ tag: 'Forget', kind: 'cursor' }) : plainRead
    case 'listen':
      return tainted('listen', 'LISTEN')
    case 'unlisten':
      return cursor.isByte(0x2a) ? only({ tag: 'Forget', kind: 'listen' }) : plainRead
    default:
      return null
  }
}

/** Whether what follows SELECT may be a call that `readSelect` has to look at. */
export function mayChangeSession(cursor: SqlCursor): boolean {
  return cursor.isWord('set_config') || cursor.isWord('pg_advisory_unlock_all') || cursor.isWord('pg_catalog')
}

/** `SELECT set_config('name', 'value', false)` is a SET; `SELECT pg_advisory_unlock_all()` gives every lock back. */
function readSelect({ cursor, bytes, start, standardStrings, rest }: StatementContext): Statement {
  const first = { start: cursor.start, end: cursor.end }
  const scan = rest()
  const call = /^(?:pg_catalog\s*\.\s*)?(set_config|pg_advisory_unlock_all)\s*\(/i.exec(bytes.toString('latin1', first.start, cursor.start))
  const name = call?.[1]?.toLowerCase()
  if (call === null || name === undefined) return finish(scan)
  const argumentsStart = first.start + call[0].length
  const tail = (from: number) => bytes.toString('latin1', from, cursor.start).trim()
  if (name === 'pg_advisory_unlock_all') return tail(argumentsStart) === ')' ? only({ tag: 'Forget', kind: 'lock' }) : finish(scan)
  const set = readSetConfig(bytes, argumentsStart, standardStrings)
  const alone = set !== null && /^(?:(?:as\s+)?[a-z_]\w*)?$/i.test(tail(set.end))
  if (!alone || set.local !== false || set.name === null || !set.constant) return finish(scan)
  return only({ tag: 'Set', name: set.name, sql: Buffer.from(bytes.subarray(start, cursor.start)) })
}

function finish({ writes, taint }: Scan): Statement {
  return { ...(writes ? plainWrite : plainRead), taint }
}

function readDiscard(cursor: SqlCursor): Statement {
  if (cursor.isWord('all')) return only({ tag: 'DiscardAll' })
  if (cursor.isWord('temp') || cursor.isWord('temporary')) return only({ tag: 'Forget', kind: 'temporary' })
  return plainRead
}

function readPrepare({ cursor, bytes, start, rest }: StatementContext): Statement {
  const name = cursor.takeIdentifier()
  // The types in brackets before AS are no calls.
  while (!cursor.atStatementEnd && !cursor.takeWord('as')) cursor.advance()
  const writes = !(cursor.isWord('select') || cursor.isWord('values') || cursor.isWord('with'))
  const scan = rest()
  if (name === null) return tainted('prepared', 'PREPARE')
  const body = { writes: writes || scan.writes, taint: scan.taint }
  return only({ tag: 'Prepare', name, sql: Buffer.from(bytes.subarray(start, cursor.start)), body })
}

/** A cursor WITH HOLD outlives its transaction. */
function readDeclare({ cursor, rest }: StatementContext): Statement {
  cursor.takeIdentifier()
  let holds = false
  while (!cursor.atStatementEnd && !cursor.takeWord('for')) {
    const withComes = cursor.takeWord('with')
    if (withComes && cursor.isWord('hold')) holds = true
    if (!withComes) cursor.advance()
  }
  const { taint } = rest()
  return { ...plainRead, taint: holds ? { kind: 'cursor', what: 'cursor WITH HOLD' } : taint }
}
