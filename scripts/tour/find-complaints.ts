import type { FirstRequest } from './acts/first-requests.ts'
import type { KilledDataPlane } from './acts/kill-data-plane.ts'
import type { KilledWorkers, Poison } from './acts/kill-workers.ts'
import type { RestartedDatabase } from './acts/restart-database.ts'

/** All that the tour saw. */
export interface Tour {
  readonly first: readonly FirstRequest[]
  readonly workers: KilledWorkers
  readonly database: RestartedDatabase
  readonly dataPlane: KilledDataPlane
  /** Exit code of bezel after SIGTERM. */
  readonly exitCode: number | null
}

/** What did not go as promised; empty: all of it did. */
export function findComplaints({ first, workers, database, dataPlane, exitCode }: Tour, plannedDeaths: number): readonly string[] {
  const deaths = new Set(workers.poisons.flatMap((poison) => poison.deaths.map(({ run }) => run))).size
  return [
    ...first
      .filter(({ status, wanted }) => status !== wanted)
      .map(({ path, status }) => `GET ${path} was answered with ${status ?? 'nothing'}`),
    ...failedOf('while workers died', workers.load.failed),
    ...(deaths < plannedDeaths ? [`only ${deaths} workers died of ${plannedDeaths} that were planned`] : []),
    ...(deaths < workers.crashes ? [`${workers.crashes} workers crashed, and only ${deaths} are explained by an incident`] : []),
    ...workers.poisons.flatMap(complaintsOf),
    ...failedOf('while the database was restarted', database.load.failed),
    ...(dataPlane.refused > 0 ? [`${dataPlane.refused} connects were refused while the data plane was replaced`] : []),
    ...(dataPlane.rubyDeaths > 0 ? [`${dataPlane.rubyDeaths} Ruby processes ended with the data plane`] : []),
    ...(dataPlane.load.failed > dataPlane.clients * dataPlane.gapsMs.length
      ? [`${dataPlane.load.failed} requests were lost with the data plane, more than were open`]
      : []),
    ...(exitCode === 0 ? [] : [`bezel ended with ${exitCode ?? 'a signal'} when asked to stop`]),
  ]
}

function complaintsOf({ id, status, deaths, untilFullMs }: Poison): readonly string[] {
  return [
    ...(status === 502 ? [] : [`the faulting request ${id} was answered with ${status ?? 'nothing'}, not 502`]),
    ...(deaths.length > 0 ? [] : [`the faulting request ${id} killed nothing`]),
    ...(deaths.filter(({ held }) => held.length > 1).length > 1 ? [`${id} killed more than one run that held other requests`] : []),
    ...(deaths.length > 2 ? [`${id} killed ${deaths.length} runs, one request must cost two at most`] : []),
    ...deaths.filter(({ culprit }) => culprit === null).map(({ pid }) => `nothing is blamed for the death of process ${pid}`),
    ...(untilFullMs === null ? [`after ${id} not all workers came back`] : []),
  ]
}

function failedOf(when: string, failed: number): readonly string[] {
  return failed === 0 ? [] : [`${failed} other requests failed ${when}`]
}
