import { mkdtempSync, rmSync } from 'node:fs'
import fc from 'fast-check'
import { expect } from 'vitest'
import type { BezelEvent } from '../../src/events.ts'
import { ErrorRecoverySystem } from '../../src/recovery/error-recovery-system.ts'
import { recoveryDefaults } from '../../src/recovery/options.ts'
import { gem, report } from '../support/crash-story.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { modelProperty, realProperty } from './cases.ts'
import { outcomeOf, startSmallApp } from './small-app.ts'

const run = { worker: 1, run: 7, pid: 2 ** 22 + 1 }

/** What a dying run says: a whole report, one that is cut anywhere, or no word; after whatever it said before. */
const lastWords = fc.record({
  before: fc.array(fc.string({ unit: 'binary' }), { maxLength: 4 }),
  culprit: fc.constantFrom('pg', 'nokogiri', 'bcrypt', 'ox'),
  cutAt: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
  chunkBytes: fc.integer({ min: 1, max: 400 }),
  exit: fc.constantFrom('SIGABRT' as const, 'SIGSEGV' as const, 'SIGBUS' as const, 'SIGKILL' as const),
  end: fc.constantFrom('settled' as const, 'never settled' as const, 'stopped' as const),
})

modelProperty(10, lastWords, async ({ before, culprit, cutAt, chunkBytes, exit, end }) => {
  const folder = mkdtempSync('/tmp/bz-prop-')
  const clock = new ManualClock()
  const facts: BezelEvent[] = []
  try {
    const recovery = new ErrorRecoverySystem(
      { ...recoveryDefaults, incidentsDir: folder },
      { clock, random: () => 0.5, emit: (fact) => void facts.push(fact) },
      { wallTimeMs: () => 0, signal: () => {}, oomKills: () => null, app: () => null, answers: () => Promise.resolve(false) },
    )
    const whole = report({ c: [gem(`${culprit}-1.2.3`, `${culprit}_call`)] })
    const said = Buffer.from(`${before.join('\n')}\n${whole.slice(0, Math.floor(whole.length * (cutAt ?? 1)))}`)
    recovery.watchRun(run)
    recovery.runReady(run.run)
    for (let at = 0; at < said.length; at += chunkBytes) recovery.readStderr(run.run, said.subarray(at, at + chunkBytes))
    const died = { ...run, exit: { code: null, signal: exit }, why: 'crashed' as const, ready: true, uptimeMs: 5, lastRssMb: 1 }
    const id = recovery.handleSegmentationFault(died)
    if (end === 'settled') recovery.settleRequests(run.run, [], null)
    else if (end === 'stopped') await recovery.stop()
    clock.turn(recoveryDefaults.settleWithinMs)

    // Whatever it said, and whether or not anybody says what was in flight: one incident, which can be read.
    expect(facts.filter(({ tag }) => tag === 'IncidentRecorded')).toHaveLength(1)
    const { explanation } = recovery.store.read(id)
    expect(explanation.summary).not.toBe('')
    if (cutAt === null) expect(explanation).toMatchObject({ kind: 'segfault', culprit: { gem: culprit } })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

/** Signals by their numbers on Linux. What a fault in native code sends to its own process. */
const faults = fc.constantFrom(
  { signal: 4, kinds: ['segfault'] },
  { signal: 6, kinds: ['abort'] },
  { signal: 7, kinds: ['segfault'] },
  { signal: 11, kinds: ['segfault'] },
)

realProperty(
  10,
  fc.record({ fault: faults, workers: fc.integer({ min: 1, max: 3 }), bystanders: fc.integer({ min: 0, max: 6 }) }),
  async ({ fault: { signal, kinds }, workers, bystanders }) => {
    await using app = await startSmallApp({ workers })
    const others = Array.from({ length: bystanders }, (_, index) => outcomeOf(`${app.origin}/slow?${100 + 50 * index}`))
    expect(await outcomeOf(`${app.origin}/die?${signal}`)).toBe(502)
    expect(await Promise.all(others)).toEqual(others.map(() => 200))
    // It kills at most two runs: the first with whoever was beside it, the second alone.
    const recorded = await app.fact('IncidentRecorded', ({ request }) => request === 'GET /die')
    expect(kinds).toContain(recorded.kind)
    const deaths = app.facts().filter(({ tag }) => tag === 'RunExited')
    expect(deaths.length).toBeLessThanOrEqual(2)
    expect(await outcomeOf(`${app.origin}/`)).toBe(200)
    expect(await app.stop()).toEqual({ code: 0, signal: null })
  },
  300_000,
  2,
)
