import { afterAll, beforeAll, expect, test } from 'vitest'
import { startExample, type ExampleName } from '../support/example-app.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'
import { crashesOf, loadUntilEnoughDied, type DeathLoad } from './death-load.ts'

/** `bin/test --long`: a minute and 20 deaths each; else less of both. */
const long = process.env['BEZEL_TEST_LONG'] === '1'
const seconds = long ? 60 : 15
const deaths = long ? 20 : 8
/** On a slow machine deaths come slower: the load then goes on for this long at most. */
const mostSeconds = 4 * seconds

let database: TestPostgres
beforeAll(async () => {
  database = await startPostgres()
})
afterAll(() => database[Symbol.asyncDispose]())

const databaseUrl = () => `postgresql://app:${encodeURIComponent(database.password)}@127.0.0.1:${database.port}/${database.database}`

test.each<ExampleName>(['iodine-pg', 'puma-pg'])(
  '%s: faults that kill workers under load cost no safe request and double no write, and each death names its gem and request',
  { timeout: (mostSeconds + 180) * 1000 },
  async (name) => {
    await database.queryAsSuper('DROP TABLE IF EXISTS ledger')
    await using app = await startExample(name, { databaseUrl: databaseUrl(), workers: 2 })
    const load = await loadUntilEnoughDied(app, { seconds, mostSeconds, deaths })
    const incidents = await app.incidents()
    const { code } = await app.stop()
    const crashes = crashesOf(app)

    expect(load.hello.report).toMatchObject({ failed: 0, failures: [] })
    expect(load.query.report).toMatchObject({ failed: 0, failures: [] })
    expect(load.poison.report).toMatchObject({ failed: 0, failures: [] })
    expect(await misbooked(load)).toEqual([])
    expect(crashes.length).toBeGreaterThanOrEqual(deaths)
    for (const { run } of crashes) {
      const incident = incidents.find((one) => one.run === run)
      expect(incident?.explanation.culprit?.library, `what is blamed for the death of run ${run}`).toBe('fiddle.so')
      expect(incident?.requests, `what run ${run} held`).toContainEqual(expect.objectContaining({ path: '/segv' }))
    }
    for (const { headers } of load.poison.outcomes.map(({ request }) => request)) {
      const killed = incidents.filter(({ requests }) => requests?.some(({ id }) => id === headers?.['x-request-id']))
      expect(
        killed.filter(({ requests }) => (requests?.length ?? 0) > 1).length,
        'runs with other requests that one fault killed',
      ).toBeLessThanOrEqual(1)
    }
    expect(code).toBe(0)
  },
)

/** Ids that were answered with 2xx and don't stand exactly once, and all others that stand more than once. */
async function misbooked({ ledger }: DeathLoad): Promise<readonly string[]> {
  const rows = await database.queryAsSuper('SELECT id, count(*)::int AS times FROM ledger GROUP BY id')
  const times = new Map(rows.map((row) => [row['id'], Number(row['times'])]))
  return ledger.outcomes.flatMap(({ request: { path }, status }) => {
    const id = new URL(path, 'http://ledger').searchParams.get('id')
    const stands = times.get(id) ?? 0
    const good = status === 201 ? stands === 1 : stands <= 1
    return good ? [] : [`${id} was answered with ${status} and stands ${stands} times`]
  })
}
