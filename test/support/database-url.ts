import type { TestPostgres } from './postgres.ts'

/** What an app is given as DATABASE_URL, without a gateway between. */
export function databaseUrlOf({ user, password, port, database }: TestPostgres): string {
  return `postgresql://${user}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`
}
