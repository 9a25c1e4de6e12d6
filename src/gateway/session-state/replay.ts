import { bindWithoutParameters, execute, sync } from '../../formats/pgwire/client-messages.ts'
import { frame, int16 } from '../../formats/pgwire/field.ts'
import { clientMessage } from '../../formats/pgwire/message-types.ts'
import type { Prepared } from './prepared-statements.ts'

const terminator = Buffer.alloc(1)
const runUnnamed = Buffer.concat([bindWithoutParameters(''), execute])

/** Messages that give a fresh connection these settings and prepared statements; one Sync at their end, none when there is nothing to do. */
export function replayMessages(settings: Iterable<Buffer>, prepared: Iterable<Prepared>, unnamed: Buffer | null): Buffer {
  const messages: Buffer[] = []
  for (const sql of settings) messages.push(run(sql))
  for (const one of prepared) messages.push(one.tag === 'Sql' ? run(one.bytes) : frame(clientMessage.Parse, one.bytes))
  if (unnamed !== null) messages.push(frame(clientMessage.Parse, unnamed))
  return messages.length === 0 ? Buffer.alloc(0) : Buffer.concat([...messages, sync])
}

/** `sql` is in the client's encoding. */
function run(sql: Buffer): Buffer {
  return Buffer.concat([frame(clientMessage.Parse, terminator, sql, terminator, int16(0)), runUnnamed])
}

/** Sets what the server has reported, for a change that no statement explains. */
export function setReported(name: string, value: string): Buffer {
  const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`
  // E'' would depend on nothing; a plain string depends on standard_conforming_strings once there is a backslash.
  return Buffer.from(
    `SELECT pg_catalog.set_config(${quoted(name)}, ${value.includes('\\') ? `E${quoted(value.replaceAll('\\', '\\\\'))}` : quoted(value)}, false)`,
  )
}
