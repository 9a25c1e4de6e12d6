import { query } from '../../formats/pgwire/client-messages.ts'

/** `NAMEDATALEN` less its NUL (`src/include/pg_config_manual.h`). */
const maxBytes = 63

/** The client's own `application_name` with the worker and run that it belongs to, so that pg_stat_activity shows them. */
export function applicationName(asked: string | undefined, worker: number | null, run: number): string {
  const own = asked ?? (worker === null ? 'bezel' : '')
  if (worker === null) return own
  const whose = `worker ${worker} run ${run}`
  return own === '' ? `bezel ${whose}` : `${own.slice(0, maxBytes - whose.length - 3)} (${whose})`
}

/** As an escape string, which means the same whatever `standard_conforming_strings` is. */
export function setApplicationName(name: string): Buffer {
  return query(`SET application_name TO E'${name.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`)
}
