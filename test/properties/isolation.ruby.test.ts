import fc from 'fast-check'
import { expect } from 'vitest'
import { idleWorker, type Worker, type WorkerMachineEvent } from '../../src/workers/worker.ts'
import { stepWorker } from '../../src/workers/worker.machine.ts'
import { workersDefaults } from '../../src/workers/options.ts'
import { modelProperty, realProperty } from './cases.ts'
import { outcomeOf, startSmallApp } from './small-app.ts'

const event: fc.Arbitrary<WorkerMachineEvent> = fc.oneof(
  fc.constantFrom<WorkerMachineEvent>({ tag: 'Start' }, { tag: 'Due' }),
  fc.record({ tag: fc.constantFrom('Granted' as const, 'Answered' as const, 'Exited' as const), run: fc.integer({ min: 1, max: 30 }) }),
  fc.record({ tag: fc.constant('Held' as const), run: fc.integer({ min: 1, max: 30 }), held: fc.boolean() }),
  fc.record({
    tag: fc.constant('Kill' as const),
    run: fc.integer({ min: 1, max: 30 }),
    why: fc.constantFrom('hang' as const, 'memory' as const, 'crashed' as const),
  }),
)
const happening = fc.record({ worker: fc.nat(2), event, afterMs: fc.nat(2_000) })

/** Runs are numbered across workers: what befalls one run must move no worker but its own. */
modelProperty(11, fc.array(happening, { maxLength: 80, size: 'max' }), (happenings) => {
  let nowMs = 0
  const workers: Worker[] = [idleWorker, idleWorker, idleWorker]
  let runs = 0
  for (const { worker: index, event: drawn, afterMs } of happenings) {
    nowMs += afterMs
    // A granted run has a number of its own; other news is told to every worker, as a careless shell would.
    const event = drawn.tag === 'Granted' ? { ...drawn, run: (runs += 1) } : drawn
    const told = 'run' in event && event.tag !== 'Granted' ? [0, 1, 2] : [index]
    const owner = 'run' in event ? workers.findIndex((worker) => 'run' in worker && worker.run === event.run) : -1
    for (const at of told) {
      const before = workers[at] ?? idleWorker
      const { state, effects } = stepWorker(Object.freeze(before), event, { nowMs, random: 0.5 }, workersDefaults)
      if (told.length > 1 && at !== owner) expect({ state, effects }).toEqual({ state: before, effects: [] })
      workers[at] = state
    }
  }
})

realProperty(
  11,
  fc.record({
    workers: fc.integer({ min: 2, max: 4 }),
    victim: fc.nat(3),
    how: fc.constantFrom('/kill', '/exit?3', 'SIGKILL', 'SIGSEGV' as const),
  }),
  async ({ workers, victim, how }) => {
    await using app = await startSmallApp({ workers })
    const ready = app.facts().flatMap((fact) => (fact.tag === 'RunReady' ? [fact] : []))
    const chosen = ready[victim % workers]
    if (chosen === undefined) throw new Error('no worker is ready')
    let serving = true
    const outcomes: (number | string)[] = []
    const load = Array.from({ length: 4 }, async () => {
      while (serving) outcomes.push(await outcomeOf(`${app.origin}/slow?20`))
    })
    const died = how.startsWith('/') ? outcomeOf(`${app.origin}${how}`) : (process.kill(chosen.pid, how), Promise.resolve(502))
    const exited = await app.fact('RunExited')
    await app.fact('RunReady', ({ worker, run }) => worker === exited.worker && run > exited.run)
    serving = false
    await Promise.all(load)
    expect([502, 503]).toContain(await died)
    // A request that kills and was not alone is tried once more, alone: two deaths at the most, and none of a bystander.
    const deaths = app.facts().flatMap((fact) => (fact.tag === 'RunExited' ? [fact] : []))
    expect(deaths.length).toBeLessThanOrEqual(how.startsWith('/') ? 2 : 1)
    // Whoever was alone in a run that died is its cause, as far as anyone can tell from outside: one 502 a death at the most.
    const failed = outcomes.filter((outcome) => outcome !== 200)
    expect(failed.length).toBeLessThanOrEqual(deaths.length)
    expect(failed.every((outcome) => outcome === 502)).toBe(true)
    const untouched = ready.filter(({ run }) => !deaths.some((death) => death.run === run))
    expect(untouched.length).toBeGreaterThanOrEqual(workers - deaths.length)
    for (const { pid } of untouched) expect(() => process.kill(pid, 0)).not.toThrow()
    expect(await app.stop()).toEqual({ code: 0, signal: null })
  },
  300_000,
)
