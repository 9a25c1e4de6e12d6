import { expect, test } from 'vitest'
import type { LoadReport } from '../../test/support/load.ts'
import type { Death, Poison } from './acts/kill-workers.ts'
import { findComplaints, type Tour } from './find-complaints.ts'

const load: LoadReport = {
  asked: 9,
  answered: 9,
  failed: 0,
  failures: [],
  byStatus: { 200: 9 },
  medianMs: 1,
  p99Ms: 2,
  longestMs: 3,
  seconds: 1,
}
const segv = { request: 'GET /segv', settlement: 'failed' } as const
const death: Death = { worker: 1, run: 1, pid: 7, incident: '20261125-101530-7-k3x', culprit: 'fiddle', held: [segv], alone: true }
const poison: Poison = { id: 'tour-segv-1', status: 502, deaths: [death], untilFullMs: 900 }
const good: Tour = {
  first: [{ what: 'hello', path: '/', wanted: 200, status: 200, tookMs: 1 }],
  workers: { load, poisons: [poison], crashes: 1 },
  database: { load, awayMs: 3_000, firstAnswerAfterMs: 10 },
  dataPlane: { load: { ...load, failed: 20 }, gapsMs: [40], clients: 20, refused: 0, rubyDeaths: 0 },
  exitCode: 0,
}
const withPoison = (changed: Partial<Poison>): Tour => ({ ...good, workers: { ...good.workers, poisons: [{ ...poison, ...changed }] } })
const failing = { ...load, failed: 1 }

test('a tour that went as promised has no complaint', () => {
  expect(findComplaints(good, 1)).toEqual([])
})

test.each([
  [
    'a first request with another status',
    { ...good, first: [{ what: 'hello', path: '/', wanted: 200, status: 500, tookMs: 1 }] },
    /was answered with 500/,
  ],
  ['a failed request while workers died', { ...good, workers: { ...good.workers, load: failing } }, /while workers died/],
  ['fewer deaths than planned', withPoison({ deaths: [] }), /only 0 workers died/],
  ['a poison request that was answered otherwise', withPoison({ status: 200 }), /answered with 200, not 502/],
  [
    'two deaths of one poison that both held others',
    withPoison({ deaths: [1, 2].map(() => ({ ...death, held: [segv, segv] })) }),
    /more than one run/,
  ],
  ['a third death of one poison', withPoison({ deaths: [death, death, death] }), /killed 3 runs/],
  ['a crash without an incident', { ...good, workers: { ...good.workers, crashes: 2 } }, /explained by an incident/],
  ['a death that nothing is blamed for', withPoison({ deaths: [{ ...death, culprit: null }] }), /nothing is blamed/],
  ['a worker that did not come back', withPoison({ untilFullMs: null }), /not all workers came back/],
  ['a failed request while the database was away', { ...good, database: { ...good.database, load: failing } }, /database was restarted/],
  ['a refused connect', { ...good, dataPlane: { ...good.dataPlane, refused: 1 } }, /refused/],
  ['a Ruby process that ended with the data plane', { ...good, dataPlane: { ...good.dataPlane, rubyDeaths: 1 } }, /Ruby processes ended/],
  [
    'more lost requests than were open',
    { ...good, dataPlane: { ...good.dataPlane, load: { ...load, failed: 21 } } },
    /more than were open/,
  ],
  ['another exit code than 0', { ...good, exitCode: 75 }, /ended with 75/],
])('%s is a complaint', (_what, tour, complaint) => {
  expect(findComplaints(tour, 1)).toContainEqual(expect.stringMatching(complaint))
})
