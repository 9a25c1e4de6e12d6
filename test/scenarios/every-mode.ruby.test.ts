import { resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePort } from '../../src/system/free-port.ts'
import { readEnvironment } from '../../src/system/proc-fs.ts'
import { startBezel } from '../support/bezel-run.ts'
import { databaseUrlOf } from '../support/database-url.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'

let database: TestPostgres
beforeAll(async () => {
  database = await startPostgres()
})
afterAll(() => database[Symbol.asyncDispose]())

const modes = (['isolated', 'cluster'] as const).flatMap((mode) =>
  (['on', 'off'] as const).flatMap((gateway) => (['enforce', 'warn', 'off'] as const).map((validation) => ({ mode, gateway, validation }))),
)

test.each(modes)('serves with workers $mode, gateway $gateway, validation $validation', { timeout: 120_000 }, async (setting) => {
  const { mode, gateway, validation } = setting
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  const listening =
    mode === 'isolated'
      ? ['--host', '127.0.0.1', '--port', String(port)]
      : ['--workers-address', `127.0.0.1:${port}`, '--', 'bundle', 'exec', 'puma', '-b', `tcp://127.0.0.1:${port}`]
  await using run = await startBezel({
    folder: resolve(import.meta.dirname, '../../examples/puma-pg'),
    args: ['--workers', '2', '--workers-mode', mode, '--gateway', gateway, '--validation', validation, ...listening],
    env: { DATABASE_URL: databaseUrlOf(database) },
  })
  const { pid } = await run.fact('RunReady')
  expect((await run.fact('PortOpened')).url, 'it tells where it serves').toBe(origin)

  expect((await fetch(origin)).status).toBe(200)
  expect((await fetch(`${origin}/db`)).status).toBe(200)
  const seen = readEnvironment(pid)?.get('DATABASE_URL') ?? ''
  expect(seen === databaseUrlOf(database), 'the app is given the real address of the database').toBe(gateway === 'off')
  expect(run.facts().some(({ tag }) => tag === 'ValidationFinished')).toBe(validation !== 'off')
  await run.stopCleanly()
})
