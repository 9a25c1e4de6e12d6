import type { SqlCursor } from './sql-cursor.ts'
import { only, plainRead, tainted, type Statement } from './statement.ts'

/** Statements that begin and end transactions; null: `word` begins none of them. The cursor stands behind the word. */
export function readTransaction(word: string, cursor: SqlCursor): Statement | null {
  switch (word) {
    case 'begin':
    case 'start':
      return only({ tag: 'Begin' })
    case 'commit':
    case 'end':
      // It commits another transaction, and is itself outside of any.
      if (cursor.isWord('prepared')) return { ...plainRead, writes: true }
      return only({ tag: 'Commit', chain: chains(cursor) })
    case 'rollback':
    case 'abort':
      return readRollback(cursor)
    case 'savepoint':
      return named('Savepoint', cursor)
    case 'release':
      cursor.takeWord('savepoint')
      return named('Release', cursor)
    case 'prepare':
      // The transaction lives on without the session: its settings stay as at a COMMIT.
      return cursor.isWord('transaction') ? only({ tag: 'Commit', chain: false }) : null
    default:
      return null
  }
}

function readRollback(cursor: SqlCursor): Statement {
  if (cursor.isWord('prepared')) return { ...plainRead, writes: true }
  if (!cursor.takeWord('work')) cursor.takeWord('transaction')
  if (!cursor.takeWord('to')) return only({ tag: 'Rollback', chain: chains(cursor) })
  cursor.takeWord('savepoint')
  return named('RollbackTo', cursor)
}

function named(tag: 'Savepoint' | 'RollbackTo' | 'Release', cursor: SqlCursor): Statement {
  const name = cursor.identifier()
  return name === null ? tainted('other', 'a savepoint') : only({ tag, name })
}

/** `[WORK | TRANSACTION] [AND [NO] CHAIN]` */
function chains(cursor: SqlCursor): boolean {
  if (!cursor.takeWord('work')) cursor.takeWord('transaction')
  return cursor.takeWord('and') && cursor.isWord('chain')
}
