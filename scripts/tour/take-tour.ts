import { databaseUrlOf } from '../../test/support/database-url.ts'
import { startExample } from '../../test/support/example-app.ts'
import { startPostgres } from '../../test/support/postgres.ts'
import { makeFirstRequests } from './acts/first-requests.ts'
import { killDataPlane } from './acts/kill-data-plane.ts'
import { killWorkers } from './acts/kill-workers.ts'
import { restartDatabase } from './acts/restart-database.ts'
import { findComplaints, type Tour } from './find-complaints.ts'
import { createNarrator, toCount, toSpread, toTime, type Narrator } from './narrator.ts'

const workers = 2
const plannedDeaths = 6

/** Shows what bezel does, on a fresh database and free ports; answers the exit code: 0 only if everything went as promised. */
export async function takeTour({ json }: { json: boolean }): Promise<number> {
  const narrator = createNarrator(json ? process.stderr : process.stdout)
  await using opened = new AsyncDisposableStack()
  const leave = (exitCode: number) => () => void opened.disposeAsync().finally(() => process.exit(exitCode))
  process.once('SIGINT', leave(130)).once('SIGTERM', leave(143))
  const tour = await perform(narrator, opened)
  const complaints = findComplaints(tour, plannedDeaths)
  if (json) process.stdout.write(`${JSON.stringify({ ok: complaints.length === 0, complaints, plannedDeaths, ...tour }, null, 2)}\n`)
  sumUp(narrator, tour, complaints)
  return complaints.length === 0 ? 0 : 1
}

async function perform(narrator: Narrator, opened: AsyncDisposableStack): Promise<Tour> {
  narrator.act('Starting PostgreSQL, then the example app under bezel')
  const database = opened.use(await startPostgres())
  const app = opened.use(await startExample('iodine-pg', { databaseUrl: databaseUrlOf(database), workers }))
  narrator.good(`a worker had answered, and only then the port was opened: ${app.origin}; now ${workers} are ready`)

  const stage = { app, database, narrator, workers }
  const first = await makeFirstRequests(stage)
  const killed = await killWorkers(stage, plannedDeaths)
  const restarted = await restartDatabase(stage)
  const dataPlane = await killDataPlane(stage)

  narrator.act('bezel is asked to stop')
  const { code } = await app.stop('SIGTERM')
  narrator.figure('exit code', String(code))
  return { first, workers: killed, database: restarted, dataPlane, exitCode: code }
}

function sumUp(narrator: Narrator, { workers: killed, database, dataPlane }: Tour, complaints: readonly string[]): void {
  const deaths = killed.poisons.flatMap((poison) => poison.deaths)
  const full = killed.poisons.flatMap(({ untilFullMs }) => (untilFullMs === null ? [] : [untilFullMs]))
  const culprits = [...new Set(deaths.map(({ culprit }) => culprit ?? 'unknown code'))].join(', ')
  narrator.act('What happened')
  narrator.figure('requests, all loads together', toCount(killed.load.asked + database.load.asked + dataPlane.load.asked))
  narrator.figure('workers that died', `${deaths.length}, blamed: ${culprits}`)
  narrator.figure('other requests that failed for it', String(killed.load.failed))
  narrator.figure('longest wait, while workers died', toTime(killed.load.longestMs))
  narrator.figure('until all workers were back', toSpread(full))
  narrator.figure('requests that failed with PostgreSQL away', String(database.load.failed))
  narrator.figure('data plane killed, gap', toSpread(dataPlane.gapsMs))
  for (const complaint of complaints) narrator.bad(complaint)
  if (complaints.length === 0) narrator.good('everything went as promised')
}
