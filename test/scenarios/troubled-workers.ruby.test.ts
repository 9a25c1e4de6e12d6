import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { startBezel } from '../support/bezel-run.ts'
import { databaseUrlOf } from '../support/database-url.ts'
import { startExample } from '../support/example-app.ts'
import { startLoad } from '../support/load.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'

const timeout = 180_000
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

let database: TestPostgres
beforeAll(async () => {
  database = await startPostgres()
})
afterAll(() => database[Symbol.asyncDispose]())

test('an app that logs a line like a crash goes on serving', { timeout }, async () => {
  const folder = await mkdtemp('/tmp/bz-log-')
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  await using run = await startBezel({
    folder,
    args: [
      '--host',
      '127.0.0.1',
      '--port',
      '0',
      '--workers',
      '1',
      '--',
      process.execPath,
      join(import.meta.dirname, 'crying-worker.mjs'),
      '{socket}',
    ],
    env: { BEZEL_VALIDATION_MODE: 'off', DATABASE_URL: undefined },
  })
  const { url } = await run.fact('PortOpened')
  expect((await fetch(new URL('/wolf', url))).status).toBe(200)
  const { run: suspected } = await run.fact('CrashSuspected')
  await run.fact('CrashDismissed', (fact) => fact.run === suspected)
  expect((await fetch(url)).status).toBe(200)
  expect(run.facts().filter(({ tag }) => tag === 'RunExited')).toEqual([])
})

test('a leak past the memory limit is asked for twice, and costs no other request', { timeout }, async () => {
  await using app = await startExample('iodine-pg', { databaseUrl: databaseUrlOf(database), env: { BEZEL_WORKERS_MEMORY_HARD: '400MB' } })
  const hello = startLoad({ origin: app.origin, clients: 4, pauseMs: 10, timeoutMs: 60_000 })
  const statuses: number[] = []
  for (let count = 0; count < 3; count += 1) {
    // The app holds the memory while it still works, so that the limit is met with the request in flight.
    const answer = await fetch(`${app.origin}/leak?mb=600&ms=20000`)
    await answer.text()
    statuses.push(answer.status)
  }
  expect(await hello.stop()).toMatchObject({ failed: 0, failures: [] })
  expect(statuses).toEqual([502, 502, 502])
  expect(app.facts().filter(({ tag }) => tag === 'MemoryExceeded').length).toBeGreaterThanOrEqual(6)
  await app.stopCleanly()
  expect([...new Set(app.incidents().map(({ explanation }) => explanation.causeId))]).toEqual(['BEZEL-MEMORY'])
})

test('both workers killed at the same moment cost no request', { timeout }, async () => {
  await using app = await startExample('iodine-pg', { databaseUrl: databaseUrlOf(database) })
  const hello = startLoad({ origin: app.origin, clients: 8, pauseMs: 10, timeoutMs: 60_000 })
  await pause(500)
  for (const fact of app.facts()) if (fact.tag === 'RunReady') process.kill(fact.pid, 'SIGKILL')
  await app.fact('RunReady', ({ run }) => run > 2)
  await pause(1_000)
  expect(await hello.stop()).toMatchObject({ failed: 0, failures: [] })
  await app.stopCleanly()
})
