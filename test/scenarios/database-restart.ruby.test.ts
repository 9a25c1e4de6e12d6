import { expect, test } from 'vitest'
import { databaseUrlOf } from '../support/database-url.ts'
import { startExample } from '../support/example-app.ts'
import { startLoad, type Outcome } from '../support/load.ts'
import { startPostgres } from '../support/postgres.ts'
import { misbooked } from './misbooked.ts'

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

test.each(['fast', 'immediate'] as const)(
  'a database that is restarted (%s) is a pause: no query fails, no write is doubled',
  { timeout: 180_000 },
  async (how) => {
    // Else what `immediate` loses was already answered as committed.
    await using database = await startPostgres({ configuration: { synchronous_commit: 'on' } })
    await using app = await startExample('iodine-pg', { databaseUrl: databaseUrlOf(database) })
    const written: Outcome[] = []
    const common = { origin: app.origin, clients: 4, pauseMs: 10, timeoutMs: 60_000 }
    const queries = startLoad({ ...common, request: () => ({ method: 'GET', path: '/db' }) })
    const writes = startLoad({
      ...common,
      request: (index) => ({ method: 'POST', path: `/ledger?id=entry-${index}` }),
      done: (outcome) => void written.push(outcome),
    })
    await pause(1_000)
    await database.stop(how)
    await pause(3_000)
    await database.start()
    await pause(2_000)
    const report = await queries.stop()
    await writes.stop()

    expect(report).toMatchObject({ failed: 0, failures: [] })
    expect(report.longestMs, 'a query that waited through the restart').toBeGreaterThan(2_000)
    expect(await misbooked(database, written)).toEqual([])
    expect(app.facts().filter(({ tag }) => tag === 'RunExited')).toEqual([])
    await app.stopCleanly()
  },
)

test('workers boot while the database is away, and queries are answered when it comes', { timeout: 180_000 }, async () => {
  await using database = await startPostgres()
  await database.stop('fast')
  await using app = await startExample('iodine-pg', { databaseUrl: databaseUrlOf(database) })
  expect((await fetch(app.origin)).status).toBe(200)
  const query = fetch(`${app.origin}/db`)
  await pause(1_000)
  await database.start()
  expect((await query).status).toBe(200)
  await app.stopCleanly()
})
