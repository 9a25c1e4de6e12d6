import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startBezel } from '../support/bezel-run.ts'
import { databaseUrlOf } from '../support/database-url.ts'
import { startExample } from '../support/example-app.ts'
import { startLoad } from '../support/load.ts'
import { startPostgres } from '../support/postgres.ts'

const timeout = 180_000
/** One worker, and a command after it. */
const anyPort = ['--host', '127.0.0.1', '--port', '0', '--workers', '1', '--']
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp('/tmp/bz-boot-')
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

test('a replacement that dies at boot costs no request, and the one after it serves', { timeout }, async () => {
  await using database = await startPostgres()
  const flag = join(await makeFolder(), 'die-at-boot')
  const script = `if [ -e ${flag} ]; then rm ${flag}; echo "no such constant" >&2; exit 3; fi; exec bundle exec iodine -w 1 -t 2 -b "$0"`
  await using app = await startExample('iodine-pg', {
    databaseUrl: databaseUrlOf(database),
    args: ['--', 'sh', '-c', script, '{socket}'],
  })
  const hello = startLoad({ origin: app.origin, clients: 8, pauseMs: 10, timeoutMs: 60_000 })
  await pause(500)
  await writeFile(flag, '')
  const victim = await app.fact('RunReady', ({ worker }) => worker === 1)
  process.kill(victim.pid, 'SIGKILL')
  await app.fact('RunExited', ({ why }) => why === 'start-failed')
  await app.fact('RunReady', ({ worker, run }) => worker === 1 && run > victim.run)
  await pause(500)
  expect(await hello.stop()).toMatchObject({ failed: 0, failures: [] })
  await app.stopCleanly()
})

test('an app that needs its database to boot is not given up on while the database is away', { timeout }, async () => {
  await using database = await startPostgres()
  await database.stop('fast')
  const ask = `require "pg"; PG.connect(ENV.fetch("DATABASE_URL")).exec("SELECT 1")`
  await using run = await startBezel({
    folder: join(import.meta.dirname, '../../examples/iodine-pg'),
    args: [...anyPort, 'sh', '-c', `bundle exec ruby -e '${ask}' && exec bundle exec iodine -w 1 -t 2 -b "$0"`, '{socket}'],
    env: {
      DATABASE_URL: databaseUrlOf(database),
      BEZEL_GATEWAY_QUEUE_DEADLINE: '500ms',
      BEZEL_WORKERS_RESTART_WAIT: '10ms',
      BEZEL_WORKERS_RESTART_WAIT_MOST: '50ms',
      BEZEL_WORKERS_GIVE_UP_AFTER: '2',
    },
  })
  let failures = 0
  await run.fact('RunExited', ({ why }) => why === 'start-failed' && ++failures >= 4)
  await database.start()
  const { url } = await run.fact('PortOpened')
  expect((await fetch(new URL('/db', url))).status).toBe(200)
  expect(run.facts().filter(({ tag }) => tag === 'WorkersGaveUp')).toEqual([])
  await run.stopCleanly()
})

test('an app without a Gemfile.lock starts, and is told that all installed gems were validated', { timeout }, async () => {
  const folder = await makeFolder()
  const server = [
    'require "socket"',
    'server = UNIXServer.new(ARGV.fetch(0))',
    'loop { client = server.accept; client.gets("\\r\\n\\r\\n"); client.write("HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\nConnection: close\\r\\n\\r\\nok"); client.close }',
  ].join('\n')
  await writeFile(join(folder, 'server.rb'), server)
  await using run = await startBezel({
    folder,
    args: [...anyPort, 'ruby', 'server.rb', '{socket}'],
    env: { DATABASE_URL: undefined },
  })
  const { url } = await run.fact('PortOpened')
  expect((await fetch(url)).status).toBe(200)
  expect(run.output()).toContain('there is no Gemfile.lock: all installed gems were validated')
  await run.stopCleanly()
})
