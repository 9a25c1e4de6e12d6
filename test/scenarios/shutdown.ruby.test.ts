import { expect, test } from 'vitest'
import { databaseUrlOf } from '../support/database-url.ts'
import { startExample, type ExampleOptions } from '../support/example-app.ts'
import { startPostgres } from '../support/postgres.ts'
import { watchLeaks } from '../support/leaks.ts'

watchLeaks()

const clean = { code: 0, signal: null }
const timeout = 120_000

async function start(options: Partial<ExampleOptions> = {}) {
  await using opened = new AsyncDisposableStack()
  const database = opened.use(await startPostgres())
  const app = opened.use(await startExample('iodine-pg', { databaseUrl: databaseUrlOf(database), ...options }))
  const running = opened.move()
  return { app, database, [Symbol.asyncDispose]: () => running.disposeAsync() }
}

/** The status of an answer, once its body is here too. */
async function statusOf(url: string): Promise<number> {
  const answer = await fetch(url)
  await answer.text()
  return answer.status
}

/** Long enough for a request to be with its worker. */
const served = () => new Promise((resolve) => setTimeout(resolve, 1_000))

test.each(['SIGTERM', 'SIGINT'] as const)('%s lets an open request finish, and ends with 0', { timeout }, async (signal) => {
  await using running = await start()
  const { app } = running
  const slow = statusOf(`${app.origin}/slow?ms=3000`)
  await served()
  const exit = app.stop(signal)
  expect(await slow).toBe(200)
  expect(await exit).toEqual(clean)
  await expect(fetch(app.origin)).rejects.toThrow('fetch failed')
})

test('neither a WebSocket nor an event stream holds the end up', { timeout }, async () => {
  await using running = await start()
  const { app } = running
  const socket = new WebSocket(`${app.origin.replace('http', 'ws')}/ws`)
  const echoed = new Promise((resolve) => socket.addEventListener('message', ({ data }) => resolve(data)))
  const closed = new Promise((resolve) => socket.addEventListener('close', resolve))
  socket.addEventListener('open', () => socket.send('still here'))
  expect(await echoed).toBe('still here')
  const stream = await fetch(`${app.origin}/stream?ms=50`, { headers: { accept: 'text/event-stream' } })
  const events = stream.body?.getReader()
  expect(new TextDecoder().decode((await events?.read())?.value)).toContain('data: 1')

  await app.stopCleanly()
  await closed
  await events?.cancel().catch(() => {})
})

test('the end amid a crash is clean', { timeout }, async () => {
  await using running = await start()
  const { app } = running
  const poison = statusOf(`${app.origin}/segv?id=1`).catch(() => null)
  await app.fact('RunExited')
  await app.stopCleanly()
  expect([502, 503, null]).toContain(await poison)
})

test('the end with the database away is clean', { timeout }, async () => {
  await using running = await start()
  const { app, database } = running
  expect(await statusOf(`${app.origin}/db`)).toBe(200)
  await database.stop('immediate')
  await app.stopCleanly()
})

test('what is still open at the deadline is cut off, and said by 75', { timeout }, async () => {
  await using running = await start({ env: { BEZEL_SHUTDOWN_DEADLINE: '2s' } })
  const { app } = running
  const slow = statusOf(`${app.origin}/slow?ms=30000`).catch(() => null)
  await served()
  expect(await app.stop()).toEqual({ code: 75, signal: null })
  expect([null, 502, 503]).toContain(await slow)
})

test.each([
  ['SIGTERM', 143],
  ['SIGINT', 130],
] as const)('a second %s ends at once, with %i', { timeout }, async (signal, code) => {
  await using running = await start()
  const { app } = running
  const slow = statusOf(`${app.origin}/slow?ms=30000`).catch(() => null)
  await served()
  const first = app.stop(signal)
  await app.fact('ShutdownPhase')
  void app.stop(signal)
  expect(await first).toEqual({ code, signal: null })
  await slow
})
