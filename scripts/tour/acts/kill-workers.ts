import { startLoad, type LoadReport } from '../../../test/support/load.ts'
import type { BezelEvent } from '../../../src/events.ts'
import type { Settlement } from '../../../src/events/front-door.ts'
import { ask } from '../ask.ts'
import { toCount, toTime } from '../narrator.ts'
import { forMs, type Stage } from './act.ts'

export interface Held {
  /** `GET /segv` */
  readonly request: string
  readonly settlement: Settlement
}

/** One run that ended by itself, and what bezel says of it. */
export interface Death {
  readonly worker: number
  readonly run: number
  readonly pid: number
  readonly incident: string | null
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
}

const clients = 20
const pauseMs = 5
const capacityTimeoutMs = 60_000
const incidentTimeoutMs = 15_000

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
  return { load: report, poisons }
}

async function sendPoison({ app, workers }: Stage, id: string): Promise<Poison> {
  const before = app.facts().length
  const since = () => app.facts().slice(before)
  const asking = ask(`${app.origin}/segv?id=${id}`, { 'x-request-id': id })
  const firstDeathMs = await until(() => since().some(isDeath), capacityTimeoutMs)
  const { status } = await asking
  const fullMs = await until(() => readyRuns(app.facts()) >= workers, capacityTimeoutMs)
  return {
    id,
    status,
    deaths: await readDeaths(app, since(), id),
    untilFullMs: firstDeathMs === null || fullMs === null ? null : fullMs - firstDeathMs,
  }
}

async function readDeaths(app: Stage['app'], facts: readonly BezelEvent[], id: string): Promise<readonly Death[]> {
  const exits = facts.filter((fact) => fact.tag === 'RunExited').filter(isDeath)
  const recorded = (run: number) => app.facts().some((fact) => fact.tag === 'IncidentRecorded' && fact.run === run)
  await until(() => exits.every(({ run }) => recorded(run)), incidentTimeoutMs)
  const incidents = app.incidents()
  return exits.map(({ worker, run, pid }) => {
    const incident = incidents.find((one) => one.run === run && one.pid === pid)
    const requests = [...(incident?.requests ?? [])].sort((a, b) => Number(b.id === id) - Number(a.id === id))
    return {
      worker,
      run,
      pid,
      incident: incident?.id ?? null,
      culprit: incident?.explanation.culprit?.gem ?? incident?.explanation.culprit?.library ?? null,
      held: requests.map(({ method, path, settlement }) => ({ request: `${method} ${path}`, settlement })),
      alone: incident?.cause === id,
    }
  })
}

function tellPoison({ narrator }: Stage, { id, status, deaths, untilFullMs }: Poison): void {
  const full = untilFullMs === null ? 'not all workers came back' : `all workers back after ${toTime(untilFullMs)}`
  narrator.line(`GET /segv?id=${id}: ${status ?? 'no answer'}; ${full}`)
  for (const { worker, pid, culprit, held, alone, incident } of deaths) {
    const blamed = alone ? `${held[0]?.request} was alone in it` : `it held ${held.length} requests, one of them is to blame`
    narrator.line(`  worker ${worker} (process ${pid}) died in ${culprit ?? 'unknown code'}; ${blamed}; incident ${incident ?? 'missing'}`)
  }
}

function isDeath(fact: BezelEvent): boolean {
  return fact.tag === 'RunExited' && fact.why === 'crashed'
}

/** Runs that are ready now, counted from all facts so far. */
function readyRuns(facts: readonly BezelEvent[]): number {
  const ready = new Set<number>()
  for (const fact of facts) {
    if (fact.tag === 'RunReady') ready.add(fact.run)
    if (fact.tag === 'RunExited') ready.delete(fact.run)
  }
  return ready.size
}

/** When the condition came true; null: not within the time. */
async function until(condition: () => boolean, withinMs: number): Promise<number | null> {
  const deadlineMs = performance.now() + withinMs
  while (!condition()) {
    if (performance.now() > deadlineMs) return null
    await forMs(5)
  }
  return performance.now()
}
