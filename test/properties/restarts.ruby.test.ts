import fc from 'fast-check'
import { expect } from 'vitest'
import type { SnakeCase } from '../../src/snake-case.ts'
import { workersDefaults } from '../../src/workers/options.ts'
import type { WorkerProcessStatus } from '../../src/workers/worker-process-status.ts'
import { stepWorker } from '../../src/workers/worker.machine.ts'
import { idleWorker, workerDueAt, type Worker, type WorkerEffect, type WorkerMachineEvent } from '../../src/workers/worker.ts'
import { modelProperty, realProperty } from './cases.ts'
import { outcomeOf, startSmallApp, type SmallApp } from './small-app.ts'

/** How one run of a worker goes, and after what time it ends. */
const life = fc.record({
  ends: fc.constantFrom('at its start' as const, 'never ready' as const, 'holding a request' as const, 'holding nothing' as const),
  /** In parts of the time after which a run counts as stable. */
  lived: fc.double({ min: 0, max: 1.5, noNaN: true }),
  random: fc.double({ min: 0, max: 0.999_999, noNaN: true }),
})

modelProperty(12, fc.array(life, { minLength: 1, maxLength: 30, size: 'max' }), (lives) => {
  const { backoff, stableAfterMs } = workersDefaults.restart
  let nowMs = 0
  let state: Worker = idleWorker
  let random = 0
  let failures = 0
  const send = (event: WorkerMachineEvent): readonly WorkerEffect[] => {
    const step = stepWorker(Object.freeze(state), event, { nowMs, random }, workersDefaults)
    state = step.state
    return step.effects
  }
  /** Lets the time pass that the machine itself asked for. */
  const wait = (): readonly WorkerEffect[] => {
    nowMs = Math.max(nowMs, workerDueAt(state) ?? nowMs)
    return send({ tag: 'Due' })
  }

  expect(send({ tag: 'Start' })).toContainEqual({ tag: 'AskTurn' })
  for (const [index, { ends, lived, random: drawn }] of lives.entries()) {
    random = drawn
    const run = index + 1
    expect(send({ tag: 'Granted', run })).toEqual([{ tag: 'Boot', run }])
    const told: WorkerEffect[] = []
    if (ends === 'never ready') told.push(...wait())
    if (ends.startsWith('holding')) {
      send({ tag: 'Answered', run })
      const untilMs = nowMs + lived * stableAfterMs
      const stableAtMs = workerDueAt(state)
      if (stableAtMs !== null && stableAtMs <= untilMs) wait()
      if (stableAtMs !== null && stableAtMs <= untilMs) failures = 0
      nowMs = Math.max(nowMs, untilMs)
    }
    told.push(...send({ tag: 'Exited', run }))
    if (ends.startsWith('holding')) told.push(...send({ tag: 'Held', run, held: ends === 'holding a request' }))
    // Each end is told once, whatever came of it.
    expect(told.filter(({ tag }) => tag === 'TellEnded')).toMatchObject([{ run, wasReady: ends.startsWith('holding') }])
    if (ends === 'holding a request') {
      // Its clients wait: the next start asks for its turn at once.
      expect(state).toMatchObject({ tag: 'Queued' })
      continue
    }
    failures += 1
    const ceilingMs = Math.min(backoff.capMs, backoff.baseMs * 2 ** (failures - 1))
    const scheduled = told.flatMap((effect) => (effect.tag === 'TellScheduled' ? [effect] : []))
    expect(scheduled).toMatchObject([{ failures }])
    expect(scheduled[0]?.inMs).toBeGreaterThanOrEqual(ceilingMs / 4)
    expect(scheduled[0]?.inMs).toBeLessThanOrEqual(ceilingMs)
    // Not a moment before it is due, and then by itself.
    nowMs += Math.max(0, (scheduled[0]?.inMs ?? 0) - 1)
    expect(send({ tag: 'Due' })).toEqual([])
    expect(wait()).toContainEqual({ tag: 'AskTurn' })
  }
})

type Told = SnakeCase<WorkerProcessStatus>

async function workersOf(app: SmallApp): Promise<readonly Told[]> {
  const { stdout } = await app.command(['status', '--json'])
  return (JSON.parse(stdout) as { readonly workers: readonly Told[] }).workers
}

/** Each worker's unasked ends, as the log tells them. */
function endsOf(app: SmallApp): Map<number, number> {
  const ends = new Map<number, number>()
  for (const fact of app.facts()) if (fact.tag === 'RunExited') ends.set(fact.worker, (ends.get(fact.worker) ?? 0) + 1)
  return ends
}

/** Waits until the log and the status have told of the same ends, and every worker serves. */
async function settled(app: SmallApp): Promise<readonly Told[]> {
  for (let tries = 0; tries < 100; tries += 1) {
    const told = await workersOf(app)
    const ends = endsOf(app)
    if (told.every((worker) => worker.crash_count === (ends.get(worker.worker_id) ?? 0) && /healthy|degraded/.test(worker.health_status)))
      return told
    await new Promise((done) => setTimeout(done, 300))
  }
  throw new Error(`the log tells of ${JSON.stringify([...endsOf(app)])}, the status of ${JSON.stringify(await workersOf(app))}`)
}

realProperty(
  12,
  fc.record({
    workers: fc.integer({ min: 1, max: 3 }),
    deaths: fc.array(fc.constantFrom('/kill', '/exit?7', 'SIGKILL' as const, 'SIGSEGV' as const), { minLength: 1, maxLength: 2 }),
  }),
  async ({ workers, deaths }) => {
    const [baseMs, capMs] = [80, 320]
    await using app = await startSmallApp({
      workers,
      env: { BEZEL_WORKERS_RESTART_WAIT: `${baseMs}ms`, BEZEL_WORKERS_RESTART_WAIT_MOST: `${capMs}ms`, BEZEL_WORKERS_GIVE_UP_AFTER: '20' },
    })
    let told = await settled(app)
    for (const how of deaths) {
      const before = told.reduce((sum, worker) => sum + worker.crash_count, 0)
      if (how === '/kill' || how === '/exit?7') expect([502, 503]).toContain(await outcomeOf(`${app.origin}${how}`))
      else process.kill(told[0]?.process_id ?? -1, how)
      await app.fact('RunExited', () => [...endsOf(app).values()].reduce((sum, count) => sum + count, 0) > before)
      told = await settled(app)
    }
    // What held no request waits, and longer each time.
    for (const { inMs, failures } of app.facts().flatMap((fact) => (fact.tag === 'RestartScheduled' ? [fact] : []))) {
      const ceilingMs = Math.min(capMs, baseMs * 2 ** (failures - 1))
      expect(inMs).toBeGreaterThanOrEqual(ceilingMs / 4)
      expect(inMs).toBeLessThanOrEqual(ceilingMs)
    }
    for (const { crash_count: count, error_history: errors, last_restart_time: restarted } of told)
      expect({ errors: errors.length, restarted: restarted !== null }).toEqual({ errors: count, restarted: count > 0 })
    expect(await outcomeOf(app.origin)).toBe(200)
  },
  300_000,
  2,
)
