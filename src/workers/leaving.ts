import type { RunEnd } from '../events/workers.ts'
import type { Moment } from '../resilience/moment.ts'
import { restartWaitMs } from './restart-wait.ts'
import {
  become,
  type Leaving,
  type Past,
  type Worker,
  type WorkerEffect,
  type WorkerMachineEvent,
  type WorkerPolicy,
  type WorkerStep,
} from './worker.ts'

export function stepLeaving(
  worker: Worker & { tag: 'Draining' | 'Stopping' | 'Killed' },
  event: WorkerMachineEvent,
  moment: Moment,
  policy: WorkerPolicy,
): WorkerStep {
  const { run, why, wasReady, blameless, next, past } = worker
  const leaving: Leaving = { run, why, wasReady, blameless, next, past }
  if (event.tag === 'Exited') return stepExited(worker, leaving, moment, policy)
  if (event.tag === 'GiveUp') return become(next === 'Stop' ? worker : { ...worker, next: 'GiveUp' })
  if (event.tag === 'Stop') return stop(worker, { ...leaving, next: 'Stop' }, event.killAtMs)
  if (worker.tag === 'Killed') return become(worker)
  if (worker.tag === 'Stopping') {
    if (event.tag === 'Due') return kill({ ...leaving, why: why === 'crashed' ? why : 'drain-timeout' })
    if (event.tag !== 'Kill') return become(worker)
    if (event.why !== 'crashed') return kill({ ...leaving, why: event.why })
    // Its report is still being written.
    const killAtMs = Math.min(worker.killAtMs, moment.nowMs + policy.crashGraceMs)
    return become({ tag: 'Stopping', ...leaving, why: event.why, killAtMs })
  }
  if (event.tag === 'Kill') return put({ ...leaving, why: event.why }, worker.untilMs, moment, policy)
  // A report is still being written when the last request is gone.
  if (event.tag === 'Due' || (event.tag === 'Drained' && why !== 'crashed'))
    return isForced(why) ? kill(leaving) : signal(leaving, moment.nowMs + policy.stopTimeoutMs)
  return become(worker)
}

/** Ends that its server's signal would not bring about, or not be trusted with. */
function isForced(why: RunEnd): boolean {
  return why === 'hang' || why === 'crashed'
}

function stepExited(
  worker: Worker & { tag: 'Draining' | 'Stopping' | 'Killed' },
  leaving: Leaving,
  moment: Moment,
  policy: WorkerPolicy,
): WorkerStep {
  // Before its signal was sent, an end is nobody's wish.
  if (worker.tag === 'Draining') return end({ ...leaving, why: 'crashed' }, moment, policy)
  const { run, why, wasReady, next, past } = leaving
  const isWished = worker.tag === 'Stopping' || why === 'asked' || why === 'drain-timeout' || (why === 'hang' && wasReady)
  if (next !== 'Replace' || !isWished) return end(leaving, moment, policy)
  return after({ tag: 'TellEnded', run, why, wasReady }, queue(past))
}

function stop(worker: Worker & { tag: 'Draining' | 'Stopping' | 'Killed' }, leaving: Leaving, killAtMs: number): WorkerStep {
  if (worker.tag === 'Killed') return become({ tag: 'Killed', ...leaving })
  if (worker.tag === 'Stopping') return become({ tag: 'Stopping', ...leaving, killAtMs: Math.min(worker.killAtMs, killAtMs) })
  if (isForced(leaving.why)) return become({ tag: 'Draining', ...leaving, untilMs: Math.min(worker.untilMs, killAtMs) })
  return signal(leaving, killAtMs)
}

/** A hung run's other requests, or a crashing run's report, get a bounded time first. */
export function put(leaving: Leaving, atMostMs: number, moment: Moment, policy: WorkerPolicy): WorkerStep {
  if (!isForced(leaving.why)) return kill(leaving)
  const graceMs = leaving.why === 'hang' ? policy.hangDrainMs : policy.crashGraceMs
  return drain(leaving, Math.min(atMostMs, moment.nowMs + graceMs))
}

/** An end that nobody wished, or one after which the worker has no next run. */
export function end(leaving: Leaving, moment: Moment, policy: WorkerPolicy): WorkerStep {
  const { run, why, wasReady, blameless, next, past } = leaving
  const told: WorkerEffect = { tag: 'TellEnded', run, why, wasReady }
  if (next === 'Stop') return become({ tag: 'Stopped' }, told)
  if (next === 'GiveUp') return become({ tag: 'GivenUp', past }, told)
  if (!wasReady) return after(told, fail(past, !blameless, moment, policy))
  return become({ tag: 'Settling', run, untilMs: moment.nowMs + policy.heldTimeoutMs, past }, told, { tag: 'AskHeld', run })
}

export function fail(past: Past, counted: boolean, moment: Moment, policy: WorkerPolicy): WorkerStep {
  const counts = counted && !past.paused
  const grown = { ...past, attempts: past.attempts + 1, failures: past.failures + (counts ? 1 : 0) }
  const inMs = restartWaitMs(grown.attempts, policy.restart.backoff, moment)
  return become(
    { tag: 'Waiting', untilMs: moment.nowMs + inMs, past: grown },
    { tag: 'TellScheduled', inMs, failures: grown.failures, counted: counts },
  )
}

export function drain(leaving: Leaving, untilMs: number): WorkerStep {
  return become({ tag: 'Draining', ...leaving, untilMs }, { tag: 'Drain', run: leaving.run, why: leaving.why })
}

export function signal(leaving: Leaving, killAtMs: number): WorkerStep {
  return become({ tag: 'Stopping', ...leaving, killAtMs }, { tag: 'Signal', run: leaving.run })
}

export function kill(leaving: Leaving): WorkerStep {
  return become({ tag: 'Killed', ...leaving }, { tag: 'Kill', run: leaving.run })
}

function after(effect: WorkerEffect, { state, effects }: WorkerStep): WorkerStep {
  return { state, effects: [effect, ...effects] }
}

export function queue(past: Past): WorkerStep {
  return become({ tag: 'Queued', past }, { tag: 'AskTurn' })
}
