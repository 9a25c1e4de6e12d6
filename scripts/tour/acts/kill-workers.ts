import { startLoad, type LoadReport } from '../../../test/support/load.ts'
import type { Settlement } from '../../../src/events/front-door.ts'
import { ask } from '../ask.ts'
import { toCount, toTime } from '../narrator.ts'
import { forMs, type Stage } from './act.ts'
import { millisecondsUntilFull } from './until-full.ts'

export interface Held {
  /** `GET /segv` */
  readonly request: string
  readonly settlement: Settlement
}

/** One run that a poison request killed, as bezel's incident tells it. */
export interface Death {
  readonly worker: number
  readonly run: number
  readonly pid: number
  readonly incident: string
  /** The blamed gem or library. */
  readonly culprit: string | null
  /** What the run held when it died, the poison first. */
  readonly held: readonly Held[]
  /** Whether the poison request was alone, so that it is the cause beyond doubt. */
  readonly alone: boolean
}

export interface Poison {
  readonly id: string
  readonly status: number | null
  readonly deaths: readonly Death[]
  /** From the first death that it caused until all workers were ready again. */
  readonly untilFullMs: number | null
}

export interface KilledWorkers {
  readonly load: LoadReport
  readonly poisons: readonly Poison[]
  /** Runs that crashed, as the log tells them; each must be one of the deaths above. */
  readonly crashes: number
}

const clients = 20
const pauseMs = 5
const waitMs = 60_000

/** Clients go on asking for `/` while requests with a fault in native code kill one worker after the other. */
export async function killWorkers(stage: Stage, planned: number): Promise<KilledWorkers> {
  const { app, narrator } = stage
  narrator.act(`${clients} clients ask for /, and ${planned} requests fault in native code`)
  const load = startLoad({ origin: app.origin, clients, pauseMs })
  const poisons: Poison[] = []
  await forMs(1_000)
  for (let count = 1; count <= planned; count += 1) {
    const poison = await sendPoison(stage, `tour-segv-${count}`)
    poisons.push(poison)
    tellPoison(stage, poison)
  }
  await forMs(1_000)
  const report = await load.stop()
  narrator.figure('asked / answered / failed', `${toCount(report.asked)} / ${toCount(report.answered)} / ${toCount(report.failed)}`)
  narrator.figure('longest wait', toTime(report.longestMs))
  const crashes = app.facts().filter((fact) => fact.tag === 'RunExited' && fact.why === 'crashed').length
  return { load: report, poisons, crashes }
}

async function sendPoison({ app, workers }: Stage, id: string): Promise<Poison> {
  const { status } = await ask(`${app.origin}/segv?id=${id}`, { 'x-request-id': id })
  const isSettled = ({ held }: Death) => held[0]?.settlement === 'failed'
  await until(() => readDeaths(app, id).some(isSettled))
  const deaths = readDeaths(app, id)
  const untilFull = () =>
    millisecondsUntilFull(
      app.facts(),
      deaths.map(({ run }) => run),
      workers,
    )
  await until(() => untilFull() !== null)
  return { id, status, deaths, untilFullMs: untilFull() }
}

/** Oldest first. */
function readDeaths(app: Stage['app'], id: string): readonly Death[] {
  return app
    .incidents()
    .filter(({ requests }) => requests?.some((request) => request.id === id))
    .map(({ id: incident, worker, run, pid, explanation: { culprit }, requests, cause }) => ({
      worker,
      run,
      pid,
      incident,
      culprit: culprit?.gem ?? culprit?.library ?? null,
      held: [...(requests ?? [])]
        .sort((a, b) => Number(b.id === id) - Number(a.id === id))
        .map(({ method, path, settlement }) => ({ request: `${method} ${path}`, settlement })),
      alone: cause === id,
    }))
    .toReversed()
}

function tellPoison({ narrator }: Stage, { id, status, deaths, untilFullMs }: Poison): void {
  const full = untilFullMs === null ? 'not all workers came back' : `all workers back after ${toTime(untilFullMs)}`
  narrator.line(`GET /segv?id=${id}: ${status ?? 'no answer'}; ${full}`)
  for (const { worker, pid, culprit, held, alone, incident } of deaths) {
    const blamed = alone ? `${held[0]?.request} was alone in it` : `it held ${held.length} requests, one of them is to blame`
    narrator.line(`  worker ${worker} (process ${pid}) died in ${culprit ?? 'unknown code'}; ${blamed}; incident ${incident}`)
  }
}

async function until(condition: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + waitMs
  while (!condition() && performance.now() < deadlineMs) await forMs(50)
}
