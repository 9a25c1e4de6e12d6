import { writeFile } from 'node:fs/promises'
import { startPostgres } from '../test/support/postgres.ts'

/**
 * Writes `src/gateway/session-state/stateless-functions.ts` from the catalogues of real servers: `node scripts/stateless-functions.ts`.
 *
 * A function is on the list when no function of its name in pg_catalog can leave anything behind in a session: those declared
 * immutable or stable can't change anything at all; the volatile ones were judged one by one.
 */
const versions = [null, 15]

/** Volatile, and nothing of theirs outlives the statement or the transaction in the session. */
const harmless =
  'clock_timestamp timeofday random random_normal gen_random_uuid uuidv4 uuidv7 pg_sleep pg_sleep_for pg_sleep_until ' +
  // Locks that end with the transaction, and the giving back of others.
  'pg_advisory_xact_lock pg_advisory_xact_lock_shared pg_try_advisory_xact_lock pg_try_advisory_xact_lock_shared ' +
  'pg_advisory_unlock pg_advisory_unlock_shared pg_advisory_unlock_all ' +
  // They read what nextval left in the session; on another connection they fail with 55000, and tell nothing false.
  'currval lastval ' +
  'pg_relation_size pg_table_size pg_indexes_size pg_total_relation_size pg_database_size pg_tablespace_size pg_column_size ' +
  'txid_status pg_xact_status pg_xact_commit_timestamp pg_last_committed_xact pg_is_in_recovery pg_last_wal_replay_lsn ' +
  'pg_last_wal_receive_lsn pg_last_xact_replay_timestamp pg_current_wal_lsn pg_current_wal_insert_lsn pg_current_wal_flush_lsn ' +
  'pg_blocking_pids pg_safe_snapshot_blocking_pids pg_lock_status pg_sequence_last_value pg_get_sequence_data ' +
  // Descriptors of large objects are closed at the end of the transaction.
  'lo_open lo_close loread lo_lseek lo_lseek64 lo_tell lo_tell64 lo_get'

/** The same, but what they write stays: when their answer is lost, it is not known whether they did. */
const writing =
  'nextval setval pg_notify txid_current pg_current_xact_id pg_cancel_backend pg_terminate_backend lo_creat lo_create lo_unlink lo_from_bytea lo_put lowrite lo_truncate lo_truncate64'

const catalogue = `
  SELECT p.proname AS name,
         bool_and(p.provolatile <> 'v') AS settled,
         bool_or(p.prorettype = 'trigger'::regtype OR p.prorettype = 'event_trigger'::regtype OR p.prokind = 'p') AS special,
         bool_and('internal'::regtype = ANY (p.proargtypes::oid[]) OR 'cstring'::regtype = ANY (p.proargtypes::oid[])
                  OR p.prorettype IN ('internal'::regtype, 'cstring'::regtype)
                  OR coalesce(d.description LIKE 'implementation of %', false)) AS inner_part
    FROM pg_proc p LEFT JOIN pg_description d ON d.objoid = p.oid AND d.classoid = 'pg_proc'::regclass
   WHERE p.pronamespace = 'pg_catalog'::regnamespace
   GROUP BY p.proname`

const allowed = new Set(`${harmless} ${writing}`.split(' '))
const refused = new Set<string>()
const listed = new Set<string>()
const words = new Set<string>()
const names: string[] = []
for (const version of versions) {
  await using server = await startPostgres(version === null ? {} : { version })
  names.push(String((await server.queryAsSuper('SHOW server_version'))[0]?.['server_version']).split(' ')[0]!)
  for (const { name, settled, special, inner_part: inner } of await server.queryAsSuper(catalogue)) {
    if (special === true || !(settled === true || allowed.has(String(name)))) refused.add(String(name))
    else if (inner !== true) listed.add(String(name))
  }
  // Categories R and C can't name a function; T can, and names one of PostgreSQL's own or stands before a bracket in its grammar.
  for (const { word } of await server.queryAsSuper("SELECT word FROM pg_get_keywords() WHERE catcode IN ('R', 'C', 'T')"))
    words.add(String(word))
}

const stateless = [...listed].filter((name) => !refused.has(name)).sort()
const list = (name: string, doc: string, entries: readonly string[]) =>
  `/** ${doc} */\nexport const ${name}: ReadonlySet<string> = new Set(\n  \`${wrap(entries)}\`.split(/\\s+/),\n)\n`
const text = `// Made by scripts/stateless-functions.ts on ${new Date().toISOString().slice(0, 10)} from PostgreSQL ${names.join(' and ')}: change that, not this.

${list('statelessFunctions', 'Functions of pg_catalog that leave nothing behind in a session.', stateless)}
${list('writingFunctions', 'Those of them that change what outlives the transaction.', writing.split(' '))}
${list('grammarWords', 'Keywords that may stand before a bracket without being called.', [...words].sort())}`
await writeFile(new URL('../src/gateway/session-state/stateless-functions.ts', import.meta.url), text)
process.stdout.write(`${stateless.length} functions, ${words.size} keywords\n`)

function wrap(entries: readonly string[]): string {
  const lines: string[] = []
  let line = ''
  for (const entry of entries) {
    if (line !== '' && line.length + 1 + entry.length > 132) {
      lines.push(line)
      line = ''
    }
    line = line === '' ? entry : `${line} ${entry}`
  }
  return [...lines, line].join('\n    ')
}
