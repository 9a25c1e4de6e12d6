import { expect, test } from 'vitest'
import type { WorkerStatus } from '../workers/worker-process-status.ts'
import { diagnoseWorkers } from './diagnose.ts'

const worker: WorkerStatus = {
  workerId: 1,
  processId: 42,
  memoryUsageMb: null,
  crashCount: 1,
  lastRestartTime: null,
  healthStatus: 'degraded',
  errorHistory: [],
  state: 'Ready',
  run: 2,
  restarts: 1,
  failures: 1,
  uptimeMs: 1_000,
  rssMb: null,
  pssMb: null,
  children: 0,
  childDeaths: 0,
  droppedBytes: 0,
}

test.each([
  [1, '20261125-101530-7-k3x', 'bezel incidents 20261125-101530-7-k3x'],
  [1, null, "bezel's log tells how it ended"],
  [0, null, 'bezel status shows when it serves; one that takes too long is ended, and tried again'],
])('a worker that ended %d times, with the incident %j, is looked into by: %s', (crashCount, incident, remedy) => {
  const workers = { mode: 'isolated', workers: [{ ...worker, crashCount }], wanted: 1, ready: 1, hasGivenUp: false } as const
  expect(diagnoseWorkers(workers, () => incident)).toMatchObject([{ about: 'worker', remedy: [remedy] }])
})
