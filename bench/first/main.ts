import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { freePort } from '../../src/system/free-port.ts'
import { startBezel } from '../../test/support/bezel-run.ts'
import { databaseUrlOf } from '../../test/support/database-url.ts'
import { startPostgres } from '../../test/support/postgres.ts'
import { compare, type Comparison } from './compare.ts'
import { measureQueries, measureRequests, preparePgbench } from './measure.ts'
import { startNginxFront } from './nginx-front.ts'
import { untilAnswered } from './until-answered.ts'

const usage = `bench/first/run [--rounds N] [--seconds N] [--json]

Requests per second: bezel's front door, nginx (one worker process) and no proxy, before the same upstream; wrk, 32 connections.
Queries per second: bezel's gateway and no proxy, before the same PostgreSQL; pgbench -S, 8 clients.
Access logs are on. Measured in turns; medians of --rounds (5) of --seconds (3) each.
`

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', short: 'h' },
    json: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
  },
})
if (values.help === true) process.stdout.write(usage)
else await measureAll(Number(values.rounds), Number(values.seconds), values.json)

async function measureAll(rounds: number, seconds: number, json: boolean): Promise<void> {
  const folder = await mkdtemp('/tmp/bz-bench-')
  try {
    await using database = await startPostgres({ maxConnections: 60 })
    const directUrl = databaseUrlOf(database)
    await preparePgbench(directUrl)
    const [port, upstreamPort, nginxPort] = [await freePort(), await freePort(), await freePort()]
    const upstream = ['sh', join(import.meta.dirname, 'upstream.sh'), '{socket}', String(upstreamPort), folder]
    await using bezel = await startBezel({
      folder,
      args: ['--host', '127.0.0.1', '--port', String(port), '--workers', '1', '--threads', '64', '--', ...upstream],
      env: { DATABASE_URL: directUrl, BEZEL_LOG_FILE: join(folder, 'bezel.log'), BEZEL_FRONT_DOOR_ACCESS_LOG: 'on' },
    })
    const origin = `http://127.0.0.1:${port}`
    await Promise.race([untilAnswered(origin), bezel.exited.then(() => Promise.reject(new Error(`bezel ended:\n${bezel.output()}`)))])
    await using nginx = await startNginxFront(folder, nginxPort, await readFile(join(folder, 'upstream-socket'), 'utf8'))
    const gatewayUrl = await readFile(join(folder, 'gateway-url'), 'utf8')

    const told = (line: string) => console.error(line)
    const requests = await compare(
      'requests/s',
      [
        { name: 'bezel', measure: () => measureRequests(origin, seconds) },
        { name: 'nginx', measure: () => measureRequests(nginx.origin, seconds) },
        { name: 'direct', measure: () => measureRequests(`http://127.0.0.1:${upstreamPort}`, seconds) },
      ],
      rounds,
      told,
    )
    const queries = await compare(
      'queries/s',
      (['simple', 'extended', 'prepared'] as const).flatMap((mode) => [
        { name: `bezel, ${mode}`, measure: () => measureQueries(gatewayUrl, mode, seconds) },
        { name: `direct, ${mode}`, measure: () => measureQueries(directUrl, mode, seconds) },
      ]),
      rounds,
      told,
    )
    if (json) console.log(JSON.stringify({ requests, queries }, null, 2))
    else report(requests, queries)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function report(requests: Comparison, queries: Comparison): void {
  console.log(`\nmedians of ${requests.rounds} rounds`)
  for (const { unit, medians } of [requests, queries])
    for (const [name, median] of Object.entries(medians))
      console.log(`  ${name.padEnd(20)}${Math.round(median).toLocaleString('en-US').padStart(9)} ${unit}`)
  const ratio = ({ medians }: Comparison, over: string, under: string) =>
    `${((medians[over] ?? NaN) / (medians[under] ?? NaN)).toFixed(2)} ×`
  console.log('\nratios')
  console.log(`  front door / nginx              ${ratio(requests, 'bezel', 'nginx')}`)
  console.log(`  front door / direct             ${ratio(requests, 'bezel', 'direct')}`)
  for (const mode of ['simple', 'extended', 'prepared'])
    console.log(`  gateway / direct, ${mode.padEnd(12)}  ${ratio(queries, `bezel, ${mode}`, `direct, ${mode}`)}`)
}
