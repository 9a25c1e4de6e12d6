import { expect, test } from 'vitest'
import { decideDegradation } from '../recovery/degradation/decide-degradation.ts'
import type { WorkersSnapshot, WorkerStatus } from '../workers/worker-process-status.ts'
import { toCondition } from './pulse.ts'

const worker = (state: string, restarts = 0, crashCount = 0): WorkerStatus => ({
  workerId: 1,
  processId: null,
  memoryUsageMb: null,
  crashCount,
  lastRestartTime: null,
  healthStatus: 'healthy',
  errorHistory: [],
  state,
  run: 1,
  restarts,
  failures: 0,
  uptimeMs: null,
  rssMb: null,
  pssMb: null,
  children: 0,
  childDeaths: 0,
  droppedBytes: 0,
})

function levelOf(...workers: WorkerStatus[]): string {
  const ready = workers.filter(({ state }) => state === 'Ready').length
  const snapshot: WorkersSnapshot = { mode: 'isolated', workers, wanted: workers.length, ready, hasGivenUp: false }
  return decideDegradation(toCondition(snapshot, [], true)).level
}

test('a boot is no loss of capacity: a worker on its first start is not missed', () => {
  expect(levelOf(worker('Ready'), worker('Starting'), worker('Queued'))).toBe('normal')
})

test('a worker that failed is missed, on whichever start it is', () => {
  expect(levelOf(worker('Ready'), worker('Waiting', 0, 1))).toBe('reduced-capacity')
  expect(levelOf(worker('Ready'), worker('Starting', 1, 1))).toBe('reduced-capacity')
  expect(levelOf(worker('Starting', 1, 1), worker('Starting'))).toBe('static-answers')
})
