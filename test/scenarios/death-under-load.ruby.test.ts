import { afterAll, beforeAll, expect, test } from 'vitest'
import { toJson } from '../../src/snake-case.ts'
import { databaseUrlOf } from '../support/database-url.ts'
import { startExample, type ExampleName } from '../support/example-app.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'
import { crashesOf, loadUntilEnoughDied } from './death-load.ts'
import { misbooked } from './misbooked.ts'

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

test.each<ExampleName>(['iodine-pg', 'puma-pg'])(
  '%s: faults that kill workers under load cost no safe request and double no write, and each death names its gem and request',
  { timeout: (mostSeconds + 180) * 1000 },
  async (name) => {
    await database.queryAsSuper('DROP TABLE IF EXISTS ledger')
    await using app = await startExample(name, { databaseUrl: databaseUrlOf(database) })
    const load = await loadUntilEnoughDied(app, { seconds, mostSeconds, deaths })
    const incidents = app.incidents()
    const listed = await app.command(['incidents', '--json'])
    await app.stopCleanly()
    const crashes = crashesOf(app)

    expect(load.hello.report).toMatchObject({ failed: 0, failures: [] })
    expect(load.query.report).toMatchObject({ failed: 0, failures: [] })
    expect(load.poison.report).toMatchObject({ failed: 0, failures: [] })
    expect(await misbooked(database, load.ledger.outcomes)).toEqual([])
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
    expect(JSON.parse(listed.stdout)).toEqual(toJson(incidents.slice(0, 50)))
  },
)
