import type { StatementContext } from './statement-context.ts'
import type { SqlCursor } from './sql-cursor.ts'
import { only, plainRead, tainted, type Statement } from './statement.ts'

/** Longer ones are not kept for a replay, in bytes. */
const maxSetBytes = 4_096

/** `SET …`; the cursor stands behind the word (PostgreSQL manual, "SET" and its relatives). */
export function readSet(context: StatementContext): Statement {
  const { cursor } = context
  if (cursor.isWord('local') || cursor.isWord('transaction') || cursor.isWord('constraints')) return plainRead
  const session = cursor.takeWord('session')
  if (session && cursor.takeWord('characteristics')) return set(context, characteristics(cursor))
  if (session && cursor.takeWord('authorization')) return setOrDefault(context, 'session_authorization')
  // Not `SET time = …`: what has two words in the grammar.
  const special = specialName(cursor)
  if (special === 'seed') return tainted('other', 'SET SEED')
  if (special !== null) return setOrDefault(context, special)

  const name = settingName(cursor)
  if (name === null) return tainted('other', 'SET')
  // They belong to the transaction, whatever the form.
  if (/^transaction_(isolation|read_only|deferrable)$/.test(name)) return plainRead
  if (name === 'seed') return tainted('other', 'SET SEED')
  if (!cursor.takeWord('to')) {
    if (!cursor.isByte(0x3d)) return tainted('other', `SET ${name}`)
    cursor.advance()
  }
  return setOrDefault(context, name)
}

/** One of them is a setting like others; several at once are something apart, for each choice of them. */
function characteristics(cursor: SqlCursor): string {
  const settings: string[] = []
  for (; !cursor.atStatementEnd; cursor.advance()) {
    if (cursor.isWord('isolation')) settings.push('default_transaction_isolation')
    if (cursor.isWord('only') || cursor.isWord('write')) settings.push('default_transaction_read_only')
    if (cursor.isWord('deferrable')) settings.push('default_transaction_deferrable')
  }
  return settings.length === 1 ? settings[0]! : `session characteristics ${settings.sort().join()}`
}

export function readReset(context: StatementContext): Statement {
  const { cursor } = context
  if (cursor.isWord('all')) return only({ tag: 'ResetAll' })
  if (cursor.isWord('transaction')) return plainRead
  if (cursor.takeWord('session')) return reset(context, 'session_authorization')
  const name = specialName(cursor) ?? settingName(cursor)
  return name === null ? tainted('other', 'RESET') : reset(context, name)
}

function specialName(cursor: SqlCursor): string | null {
  if (cursor.isWord('time')) {
    cursor.advance()
    return cursor.takeWord('zone') ? 'timezone' : null
  }
  if (cursor.takeWord('names')) return 'client_encoding'
  if (cursor.takeWord('schema')) return 'search_path'
  if (cursor.takeWord('seed')) return 'seed'
  if (cursor.takeWord('xml')) return 'xmloption'
  if (cursor.isWord('role')) {
    cursor.advance()
    // `SET role = x` is the same.
    if (!cursor.takeWord('to') && cursor.isByte(0x3d)) cursor.advance()
    return 'role'
  }
  return null
}

/** Names of settings know no case; those of extensions and applications have dots. */
function settingName(cursor: SqlCursor): string | null {
  let name = cursor.takeIdentifier()
  while (name !== null && cursor.isByte(0x2e)) {
    cursor.advance()
    const part = cursor.takeIdentifier()
    name = part === null ? null : `${name}.${part}`
  }
  return name?.toLowerCase() ?? null
}

function setOrDefault(context: StatementContext, name: string): Statement {
  if (context.cursor.isWord('default')) return reset(context, name)
  return set(context, name)
}

function set(context: StatementContext, name: string): Statement {
  const sql = wholeStatement(context)
  if (sql.length > maxSetBytes) return tainted('other', `SET ${name} of ${sql.length} bytes`)
  const statement = only({ tag: 'Set', name, sql })
  // New tables are then temporary ones, by their names alone: no DISCARD TEMP ends that.
  const temporary = name === 'search_path' && /pg_temp/i.test(sql.toString('latin1'))
  return temporary ? { ...statement, taint: { kind: 'other', what: 'pg_temp in search_path' } } : statement
}

function reset(context: StatementContext, name: string): Statement {
  return only({ tag: 'Reset', name, sql: wholeStatement(context) })
}

function wholeStatement({ cursor, bytes, start }: StatementContext): Buffer {
  while (!cursor.atStatementEnd) cursor.advance()
  return Buffer.from(bytes.subarray(start, cursor.start))
}
