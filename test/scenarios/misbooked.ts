import type { TestPostgres } from '../support/postgres.ts'
import type { Outcome } from '../support/load.ts'

/** Of requests to `POST /ledger?id=`: ids that were answered with 201 and don't stand exactly once, and all others that stand more than once. */
export async function misbooked(database: TestPostgres, outcomes: readonly Outcome[]): Promise<readonly string[]> {
  const rows = await database.queryAsSuper('SELECT id, count(*)::int AS times FROM ledger GROUP BY id')
  const times = new Map(rows.map((row) => [row['id'], Number(row['times'])]))
  return outcomes.flatMap(({ request: { path }, status }) => {
    const id = new URL(path, 'http://ledger').searchParams.get('id')
    const stands = times.get(id) ?? 0
    const good = status === 201 ? stands === 1 : stands <= 1
    return good ? [] : [`${id} was answered with ${status} and stands ${stands} times`]
  })
}
