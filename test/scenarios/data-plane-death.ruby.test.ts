import { Client } from 'pg'
import { expect, test } from 'vitest'
import { readEnvironment } from '../../src/system/proc-fs.ts'
import { databaseUrlOf } from '../support/database-url.ts'
import { startExample, type ExampleApp } from '../support/example-app.ts'
import { startLoad, type Outcome } from '../support/load.ts'
import { startPostgres } from '../support/postgres.ts'
import { waitFor } from '../support/wait-for.ts'

const kills = 3

async function killDataPlane(app: ExampleApp): Promise<void> {
  const serving = app.facts().flatMap((fact) => (fact.tag === 'DataPlaneStarted' ? [fact] : []))
  const { era, pid } = serving.at(-1) ?? { era: 0, pid: 0 }
  process.kill(pid, 'SIGKILL')
  await app.fact('DataPlaneServing', (fact) => fact.era === era + 1)
}

test('a killed data plane costs the open requests and nothing else', { timeout: 120_000 }, async () => {
  await using database = await startPostgres()
  await using app = await startExample('iodine-pg', { databaseUrl: databaseUrlOf(database) })
  const outcomes: Outcome[] = []
  const clients = 10
  const load = startLoad({
    origin: app.origin,
    clients,
    pauseMs: 5,
    request: (index) => ({ method: 'GET', path: index % 2 === 0 ? '/' : '/db' }),
    done: (outcome) => void outcomes.push(outcome),
  })
  for (let kill = 0; kill < kills; kill += 1) {
    await waitFor(() => outcomes.at(-1)?.status === 200)
    await killDataPlane(app)
    const before = outcomes.length
    await waitFor(() => outcomes.slice(before + 100).some(({ status }) => status === 200))
  }
  const report = await load.stop()

  expect(report.failed).toBeLessThanOrEqual(clients * kills)
  expect(report.failures.filter(({ error }) => error === 'ECONNREFUSED')).toEqual([])
  expect(app.facts().filter(({ tag }) => tag === 'RunExited' || tag === 'IncidentRecorded')).toEqual([])
  expect((await fetch(`${app.origin}/db`)).status).toBe(200)
  await app.stopCleanly()
})

test("no row stays locked by a killed data plane's statements", { timeout: 120_000 }, async () => {
  await using database = await startPostgres()
  await database.queryAsSuper(
    'CREATE TABLE account (id int, balance int); INSERT INTO account VALUES (1, 0); ALTER TABLE account OWNER TO app',
  )
  await using app = await startExample('iodine-pg', { databaseUrl: databaseUrlOf(database) })
  const { pid } = await app.fact('RunReady')
  const url = readEnvironment(pid)?.get('DATABASE_URL') ?? ''
  const { pathname, hostname, port, username } = new URL(url)
  const client = new Client({ host: decodeURIComponent(hostname), port: Number(port), user: username, database: pathname.slice(1) })
  client.on('error', () => {})
  await client.connect()
  await client.query('BEGIN; UPDATE account SET balance = 1')
  const lost = client.query('SELECT pg_sleep(60)').catch((error: unknown) => error)
  const running = "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'"
  await expect.poll(() => database.queryAsSuper(running)).toHaveLength(1)
  await killDataPlane(app)
  expect(await lost).toBeInstanceOf(Error)

  const startedMs = performance.now()
  await database.queryAsSuper('SET lock_timeout = 20000; UPDATE account SET balance = 2')
  expect(performance.now() - startedMs).toBeLessThan(20_000)
  await app.stopCleanly()
})

test('an innocent request that was open when the data plane was killed is blamed for nothing', { timeout: 120_000 }, async () => {
  await using database = await startPostgres()
  await using app = await startExample('iodine-pg', { databaseUrl: databaseUrlOf(database), workers: 1 })
  const slow = fetch(`${app.origin}/slow?ms=3000`).catch((error: unknown) => error)
  await new Promise((resolve) => setTimeout(resolve, 500))
  await killDataPlane(app)
  expect(await slow).toBeInstanceOf(Error)
  // Within the deadline of what the old data plane had sent, nothing is alone in its run.
  expect((await fetch(`${app.origin}/segv?id=1`, { headers: { 'x-request-id': 'poison' } })).status).toBe(502)
  const { run } = await app.fact('RunExited')
  const { cause } = await app.fact('RunSettled', (fact) => fact.run === run)
  expect(cause).toBeNull()
})
