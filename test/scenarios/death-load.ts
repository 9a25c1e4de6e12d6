import { expect } from 'vitest'
import type { ExampleApp } from '../support/example-app.ts'
import type { FactOf } from '../support/fact-log.ts'
import { startLoad, type LoadReport, type LoadSettings, type Outcome } from '../support/load.ts'

export interface RecordedLoad {
  readonly report: LoadReport
  readonly outcomes: readonly Outcome[]
}

export interface DeathLoad {
  /** `GET /` */
  readonly hello: RecordedLoad
  /** `GET /db` */
  readonly query: RecordedLoad
  /** `POST /ledger`, each with an id of its own. */
  readonly ledger: RecordedLoad
  /** `GET /segv`, one at a time, each with an id of its own; 502 is its good answer. */
  readonly poison: RecordedLoad
}

export interface DeathLoadSettings {
  readonly seconds: number
  /** It goes on until enough died, but no longer than this. */
  readonly mostSeconds: number
  readonly deaths: number
}

/** Runs that ended by themselves after they had been ready. */
export function crashesOf(app: ExampleApp): readonly FactOf<'RunExited'>[] {
  return app.facts().flatMap((fact) => (fact.tag === 'RunExited' && fact.why === 'crashed' ? [fact] : []))
}

/** Faults in native code, one after the other, beside a load that must not notice; ends when each death has its incident. */
export async function loadUntilEnoughDied(app: ExampleApp, { seconds, mostSeconds, deaths }: DeathLoadSettings): Promise<DeathLoad> {
  const hello = record(app, { clients: 6, request: () => ({ method: 'GET', path: '/' }) })
  const query = record(app, { clients: 4, request: () => ({ method: 'GET', path: '/db' }) })
  const ledger = record(app, { clients: 4, request: (index) => ({ method: 'POST', path: `/ledger?id=entry-${index}` }) })
  const poison = record(app, {
    clients: 1,
    pauseMs: 400,
    request: (index) => ({ method: 'GET', path: `/segv?id=${index}`, headers: { 'x-request-id': `poison-${index}` } }),
    accepts: (status) => status === 502,
  })
  const startedMs = performance.now()
  const elapsed = () => (performance.now() - startedMs) / 1000
  while (elapsed() < seconds || (elapsed() < mostSeconds && crashesOf(app).length < deaths))
    await new Promise((resolve) => setTimeout(resolve, 100))

  // The faults end first: what is asked last is answered by workers that stay.
  const ended = { poison: await poison.end(), hello: await hello.end(), query: await query.end(), ledger: await ledger.end() }
  const unrecorded = () => {
    const recorded = new Set(app.facts().map((fact) => (fact.tag === 'IncidentRecorded' ? fact.run : null)))
    return crashesOf(app).filter(({ run }) => !recorded.has(run))
  }
  await expect.poll(unrecorded, { timeout: 30_000, message: 'deaths without an incident' }).toEqual([])
  return ended
}

function record(app: ExampleApp, settings: Partial<LoadSettings>): { end(): Promise<RecordedLoad> } {
  const outcomes: Outcome[] = []
  const done = (outcome: Outcome) => void outcomes.push(outcome)
  const load = startLoad({ origin: app.origin, pauseMs: 10, timeoutMs: 90_000, ...settings, done })
  return { end: async () => ({ report: await load.stop(), outcomes }) }
}
