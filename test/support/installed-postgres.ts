import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

const root = '/usr/lib/postgresql'

/** The newest PostgreSQL of the distribution's packages, with psql, beside the one from npm: its major version and its folder of programs. */
export function findInstalledPostgres(): { readonly version: number; readonly bin: string } {
  const versions = existsSync(root) ? readdirSync(root).map(Number) : []
  const version = versions
    .filter((each) => ['initdb', 'postgres', 'psql'].every((program) => existsSync(join(root, String(each), 'bin', program))))
    .toSorted((one, other) => other - one)[0]
  if (version === undefined) throw new Error(`no PostgreSQL is installed in ${root} (apt-get install postgresql)`)
  return { version, bin: join(root, String(version), 'bin') }
}
