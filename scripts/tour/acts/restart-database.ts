import { startLoad, type LoadReport } from '../../../test/support/load.ts'
import { toCount, toTime } from '../narrator.ts'
import { forMs, type Stage } from './act.ts'

export interface RestartedDatabase {
  readonly load: LoadReport
  readonly awayMs: number
  /** From the moment that PostgreSQL was ready until the first query was answered. */
  readonly firstAnswerAfterMs: number | null
}

const clients = 8
const pauseMs = 5
const pauseOfDatabaseMs = 3_000

/** PostgreSQL is stopped and started again under clients that query all the time. */
export async function restartDatabase({ app, database, narrator }: Stage): Promise<RestartedDatabase> {
  narrator.act(`${clients} clients query, and PostgreSQL is restarted`)
  const goodAnswersMs: number[] = []
  const load = startLoad({
    origin: app.origin,
    clients,
    pauseMs,
    request: () => ({ method: 'GET', path: '/db' }),
    done: ({ status, doneAtMs }) => void (status === 200 && goodAnswersMs.push(doneAtMs)),
  })
  await forMs(1_000)
  const stoppedMs = performance.now()
  await database.stop('fast')
  await forMs(pauseOfDatabaseMs)
  await database.start()
  const readyMs = performance.now()
  await forMs(2_000)
  const report = await load.stop()
  const first = goodAnswersMs.find((ms) => ms > readyMs)
  const firstAnswerAfterMs = first === undefined ? null : first - readyMs
  narrator.figure('PostgreSQL was away for', toTime(readyMs - stoppedMs))
  narrator.figure('asked / answered / failed', `${toCount(report.asked)} / ${toCount(report.answered)} / ${toCount(report.failed)}`)
  narrator.figure('longest wait', toTime(report.longestMs))
  narrator.figure('back, until the first answer', firstAnswerAfterMs === null ? 'none came' : toTime(firstAnswerAfterMs))
  return { load: report, awayMs: readyMs - stoppedMs, firstAnswerAfterMs }
}
