import { startLoad, type LoadReport, type Outcome } from '../../../test/support/load.ts'
import { toCount, toSpread } from '../narrator.ts'
import { forMs, type Stage } from './act.ts'

export interface KilledDataPlane {
  readonly load: LoadReport
  /** From each SIGKILL to the first answer to a request that was asked after it. */
  readonly gapsMs: readonly number[]
  readonly clients: number
  /** Connects that were refused. */
  readonly refused: number
  /** Ruby processes that ended meanwhile. */
  readonly rubyDeaths: number
}

const clients = 20
const pauseMs = 5
const kills = 5
/** Longer than `stableAfterMs` of src/keeper/data-plane.machine.ts: one that dies young again and again is made to wait. */
const betweenKillsMs = 2_500
const answerTimeoutMs = 10_000

/** The process that holds all client connections is killed under load: what was open is lost, and nothing else. */
export async function killDataPlane({ app, narrator }: Stage): Promise<KilledDataPlane> {
  narrator.act(`${clients} clients ask for /, and the process that serves them gets SIGKILL, ${kills} times`)
  const rubyExits = () => app.facts().filter(({ tag }) => tag === 'RunExited').length
  const exitsBefore = rubyExits()
  const outcomes: Outcome[] = []
  const load = startLoad({ origin: app.origin, clients, pauseMs, done: (outcome) => void outcomes.push(outcome) })
  await forMs(1_000)
  const gapsMs: number[] = []
  for (let count = 0; count < kills; count += 1) {
    gapsMs.push(await killOnce(app, outcomes))
    await forMs(betweenKillsMs)
  }
  const report = await load.stop()
  const refused = outcomes.filter(({ error }) => error === 'ECONNREFUSED').length
  const rubyDeaths = rubyExits() - exitsBefore
  narrator.figure('gap', toSpread(gapsMs))
  narrator.figure('asked / answered', `${toCount(report.asked)} / ${toCount(report.answered)}`)
  narrator.figure('open requests lost', `${report.failed} of at most ${clients * kills}`)
  narrator.figure('connects refused, Ruby processes ended', `${refused}, ${rubyDeaths}`)
  return { load: report, gapsMs, clients, refused, rubyDeaths }
}

async function killOnce(app: Stage['app'], outcomes: readonly Outcome[]): Promise<number> {
  const started = app.facts().findLast(({ tag }) => tag === 'DataPlaneStarted')
  if (started?.tag !== 'DataPlaneStarted') throw new Error('bezel never told the process id of its data plane')
  const killedMs = performance.now()
  process.kill(started.pid, 'SIGKILL')
  while (performance.now() < killedMs + answerTimeoutMs) {
    const answered = outcomes.filter(({ status, askedAtMs }) => status === 200 && askedAtMs > killedMs)
    if (answered.length > 0) return Math.min(...answered.map(({ doneAtMs }) => doneAtMs)) - killedMs
    await forMs(5)
  }
  return answerTimeoutMs
}
