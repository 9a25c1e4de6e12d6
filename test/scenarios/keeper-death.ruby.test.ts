import { mkdtemp, rm } from 'node:fs/promises'
import { expect, onTestFinished, test } from 'vitest'
import { readProcessGroup } from '../../src/system/proc-fs.ts'
import { databaseUrlOf } from '../support/database-url.ts'
import { startExample } from '../support/example-app.ts'
import { startPostgres } from '../support/postgres.ts'
import { waitFor } from '../support/wait-for.ts'

test('a killed keeper takes everything with it, grandchildren too, and the next start is clean', { timeout: 180_000 }, async () => {
  const runtime = await mkdtemp('/tmp/bz-k-')
  onTestFinished(() => rm(runtime, { recursive: true, force: true }))
  await using database = await startPostgres()
  const options = {
    databaseUrl: databaseUrlOf(database),
    env: { XDG_RUNTIME_DIR: runtime },
    args: ['--', 'sh', '-c', 'sleep 86400 & exec bundle exec iodine -b "$1" -w 1 -t 4', 'sh', '{socket}'],
  }
  await using first = await startExample('iodine-pg', options)
  const groups = first.facts().flatMap((fact) => (fact.tag === 'RunStarted' || fact.tag === 'DataPlaneStarted' ? [fact.pid] : []))
  const left = () => groups.flatMap((group) => readProcessGroup(group)).filter(({ state }) => state !== 'Z')
  expect(left().length, 'each worker with its grandchild, and the data plane').toBeGreaterThanOrEqual(5)
  process.kill(first.pid, 'SIGKILL')
  await first.exited
  await waitFor(() => left().length === 0)

  await using second = await startExample('iodine-pg', options)
  expect((await fetch(`${second.origin}/db`)).status).toBe(200)
  await second.stopCleanly()
})
