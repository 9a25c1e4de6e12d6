import type { Moment } from '../resilience/moment.ts'
import { drain, end, fail, kill, put, queue, signal, stepLeaving } from './leaving.ts'
import { restartWaitMs } from './restart-wait.ts'
import {
  become,
  workerDueAt,
  type Deadline,
  type Past,
  type Worker,
  type WorkerMachineEvent,
  type WorkerPolicy,
  type WorkerStep,
} from './worker.ts'

/** Advances a worker by one event. Total: an event that means nothing here changes nothing. */
export function stepWorker(worker: Worker, event: WorkerMachineEvent, moment: Moment, policy: WorkerPolicy): WorkerStep {
  if (worker.tag === 'Stopped') return become(worker)
  if (event.tag === 'Pause') return pause(worker, event.paused, moment, policy)
  if (event.tag === 'Due') {
    const dueMs = workerDueAt(worker)
    if (dueMs === null || moment.nowMs < dueMs) return become(worker)
  }
  // `Granted` brings a new number; everything else that names a run must name this one.
  if ('run' in event && event.tag !== 'Granted' && (!('run' in worker) || event.run !== worker.run)) return become(worker)
  switch (worker.tag) {
    case 'Idle':
    case 'GivenUp':
      if (event.tag === 'Stop') return become({ tag: 'Stopped' })
      if (event.tag === 'Start' || event.tag === 'Restart') return queue(worker.past)
      return become(worker)

    case 'Queued':
      if (event.tag === 'Stop') return become({ tag: 'Stopped' }, { tag: 'LeaveQueue' })
      if (event.tag === 'GiveUp') return become({ tag: 'GivenUp', past: worker.past }, { tag: 'LeaveQueue' })
      if (event.tag !== 'Granted') return become(worker)
      return become(start(event.run, worker.past, moment, policy), { tag: 'Boot', run: event.run })

    case 'Starting':
      return stepStarting(worker, event, moment, policy)
    case 'Ready':
      return stepReady(worker, event, moment, policy)
    case 'Draining':
    case 'Stopping':
    case 'Killed':
      return stepLeaving(worker, event, moment, policy)

    case 'Settling':
      if (event.tag === 'Stop') return become({ tag: 'Stopped' })
      if (event.tag === 'GiveUp') return become({ tag: 'GivenUp', past: worker.past })
      if (event.tag === 'Held' && event.held) return queue(worker.past)
      if (event.tag === 'Held' || event.tag === 'Due') return fail(worker.past, true, moment, policy)
      return become(worker)

    case 'Waiting':
      if (event.tag === 'Stop') return become({ tag: 'Stopped' })
      if (event.tag === 'GiveUp') return become({ tag: 'GivenUp', past: worker.past })
      return event.tag === 'Due' ? queue(worker.past) : become(worker)
  }
}

function stepStarting(worker: Worker & { tag: 'Starting' }, event: WorkerMachineEvent, moment: Moment, policy: WorkerPolicy): WorkerStep {
  const { run, deadline, blameless, past } = worker
  const leaving = { run, wasReady: false, blameless, past, next: 'Replace' } as const
  if (event.tag === 'Answered') {
    const stableAtMs = past.attempts === 0 ? null : moment.nowMs + policy.restart.stableAfterMs
    return become({ tag: 'Ready', run, stableAtMs, past }, { tag: 'TellReady', run })
  }
  if (event.tag === 'Exited') return end({ ...leaving, why: 'start-failed' }, moment, policy)
  if (event.tag === 'Due') return kill({ ...leaving, why: 'start-timeout' })
  // A crash at boot has a report to write too; its start deadline still holds.
  if (event.tag === 'Kill' && event.why === 'crashed')
    return put({ ...leaving, why: event.why }, deadline.tag === 'Running' ? deadline.atMs : Infinity, moment, policy)
  if (event.tag === 'Kill' || event.tag === 'Replace') return kill({ ...leaving, why: event.why })
  // It holds nothing yet, and a server that is booting may lose its signal (Iodine 0.7 does): nothing is gained by waiting for it.
  if (event.tag === 'Stop') return kill({ ...leaving, why: 'asked', next: 'Stop' })
  return event.tag === 'GiveUp' ? kill({ ...leaving, why: 'asked', next: 'GiveUp' }) : become(worker)
}

function stepReady(worker: Worker & { tag: 'Ready' }, event: WorkerMachineEvent, moment: Moment, policy: WorkerPolicy): WorkerStep {
  const { run, past } = worker
  const leaving = { run, wasReady: true, blameless: false, past, next: 'Replace' } as const
  if (event.tag === 'Exited') return end({ ...leaving, why: 'crashed' }, moment, policy)
  if (event.tag === 'Due') return become({ ...worker, stableAtMs: null, past: { ...past, attempts: 0, failures: 0 } })
  if (event.tag === 'Replace') return drain({ ...leaving, why: event.why }, moment.nowMs + policy.drainTimeoutMs)
  if (event.tag === 'Restart') return drain({ ...leaving, why: 'asked' }, moment.nowMs + policy.drainTimeoutMs)
  if (event.tag === 'Kill') return put({ ...leaving, why: event.why }, Infinity, moment, policy)
  return event.tag === 'Stop' ? signal({ ...leaving, why: 'asked', next: 'Stop' }, event.killAtMs) : become(worker)
}

function pause(worker: Exclude<Worker, { tag: 'Stopped' }>, paused: boolean, moment: Moment, policy: WorkerPolicy): WorkerStep {
  if (worker.past.paused === paused) return become(worker)
  const past = { ...worker.past, paused }
  if (worker.tag === 'Starting') {
    const { deadline } = worker
    const leftMs = deadline.tag === 'Paused' ? deadline.leftMs : Math.max(0, deadline.atMs - moment.nowMs)
    return become({
      ...worker,
      past,
      blameless: true,
      deadline: paused ? { tag: 'Paused', leftMs } : { tag: 'Running', atMs: moment.nowMs + leftMs },
    })
  }
  if (worker.tag === 'Waiting' && !paused) {
    // The database is back: what was only waiting for it doesn't wait out a long backoff.
    const untilMs = Math.min(worker.untilMs, moment.nowMs + restartWaitMs(1, policy.restart.backoff, moment))
    return become({ ...worker, untilMs, past: { ...past, attempts: past.failures } })
  }
  return become({ ...worker, past })
}

function start(run: number, past: Past, { nowMs }: Moment, { startTimeoutMs }: WorkerPolicy): Worker {
  const deadline: Deadline = past.paused ? { tag: 'Paused', leftMs: startTimeoutMs } : { tag: 'Running', atMs: nowMs + startTimeoutMs }
  return { tag: 'Starting', run, deadline, blameless: past.paused, past }
}
