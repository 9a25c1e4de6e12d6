import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { startSmallBezel } from '../properties/small-app.ts'
import { databaseUrlOf } from '../support/database-url.ts'
import { startPostgres } from '../support/postgres.ts'

test('workers that connect to PostgreSQL past the gateway are noticed after boot, and told of once', { timeout: 120_000 }, async () => {
  await using database = await startPostgres()
  await using run = await startSmallBezel({
    workers: 2,
    script: resolve(import.meta.dirname, '../fixtures/misbehaving/bypasses.rb'),
    env: { DATABASE_URL: databaseUrlOf(database), BYPASS_PORT: String(database.port) },
  })
  expect(await run.fact('GatewayBypassed')).toMatchObject({ databases: ['primary'], address: `127.0.0.1:${database.port}` })
  await run.stopCleanly()
  expect(run.facts().filter(({ tag }) => tag === 'GatewayBypassed')).toHaveLength(1)
})
