import type { ClusterWatch } from './cluster/cluster-watch.ts'
import type { WorkerHealth, WorkerStatus } from './worker-process-status.ts'
import type { WorkerSlot } from './worker-slot.ts'

/** What is known of a worker now. */
export function toStatus(slot: WorkerSlot, cluster: ClusterWatch): WorkerStatus {
  const { state, memory } = slot
  return {
    workerId: slot.worker,
    processId: slot.livePid,
    memoryUsageMb: memory.pssMb ?? memory.rssMb,
    crashCount: slot.crashCount,
    lastRestartTime: slot.lastRestartAtMs === null ? null : new Date(slot.lastRestartAtMs).toISOString(),
    healthStatus: toHealth(slot),
    errorHistory: slot.errors.read(),
    state: state.tag,
    run: slot.run,
    restarts: Math.max(0, slot.starts - 1),
    failures: 'past' in state ? state.past.failures : 0,
    uptimeMs: slot.uptimeMs,
    rssMb: memory.rssMb,
    pssMb: memory.pssMb,
    children: cluster.living,
    childDeaths: cluster.deaths,
    droppedBytes: slot.droppedBytes,
  }
}

function toHealth({ state }: WorkerSlot): WorkerHealth {
  switch (state.tag) {
    case 'Idle':
    case 'Stopped':
      return 'stopped'
    case 'Queued':
    case 'Starting':
    case 'Settling':
      return 'starting'
    case 'Ready':
      return state.past.attempts === 0 ? 'healthy' : 'degraded'
    case 'Draining':
    case 'Stopping':
    case 'Killed':
      return 'draining'
    case 'Waiting':
      return 'backing_off'
    case 'GivenUp':
      return 'gave_up'
  }
}
