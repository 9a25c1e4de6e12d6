import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import fc from 'fast-check'
import { expect } from 'vitest'
import { decideDegradation, type Condition } from '../../src/recovery/degradation/decide-degradation.ts'
import { modelProperty, realProperty } from './cases.ts'
import { outcomeOf, startSmallApp } from './small-app.ts'

const breaks = resolve(import.meta.dirname, '../fixtures/misbehaving/breaks.rb')
/** From all is well to nothing goes on. */
const ladder = ['normal', 'database-degraded', 'reduced-capacity', 'static-answers', 'gave-up'] as const

const condition: fc.Arbitrary<Condition> = fc.record({
  workersWanted: fc.integer({ min: 1, max: 8 }),
  workersReady: fc.nat(8),
  everReady: fc.boolean(),
  gaveUp: fc.boolean(),
  databases: fc.array(
    fc.record({ name: fc.string(), breaker: fc.constantFrom('closed' as const, 'open' as const, 'half_open' as const) }),
    {
      maxLength: 3,
    },
  ),
})

modelProperty(20, fc.record({ condition, worse: fc.nat(3) }), ({ condition, worse }) => {
  const rungOf = (now: Condition) => ladder.indexOf(decideDegradation(now).level)
  const { level, why, wayBack } = decideDegradation(condition)
  // Every rung says why, and how it is left; whoever gave up has been asked for, nobody falls there by himself.
  expect(why).not.toBe('')
  expect(wayBack === '').toBe(level === 'normal')
  expect(level === 'gave-up').toBe(condition.gaveUp)
  // One thing more that fails never leads up the ladder.
  const worsened: readonly Condition[] = [
    { ...condition, workersReady: Math.max(0, condition.workersReady - 1) },
    { ...condition, databases: [...condition.databases, { name: 'one more', breaker: 'open' }] },
    { ...condition, workersWanted: condition.workersWanted + 1 },
    { ...condition, gaveUp: true },
  ]
  expect(rungOf(worsened[worse] ?? condition)).toBeGreaterThanOrEqual(rungOf(condition))
})

realProperty(
  20,
  fc
    .record({ workers: fc.integer({ min: 1, max: 3 }), killed: fc.integer({ min: 1, max: 3 }), mended: fc.boolean() })
    .map(({ workers, killed, mended }) => ({ workers, killed: Math.min(killed, workers), mended })),
  async ({ workers, killed, mended }) => {
    const folder = mkdtempSync('/tmp/bz-prop-')
    const broken = join(folder, 'broken')
    const isDown = killed === workers
    const givesUp = isDown && !mended
    const waits = { BEZEL_WORKERS_RESTART_WAIT: '500ms', BEZEL_WORKERS_RESTART_WAIT_MOST: '500ms' }
    try {
      await using app = await startSmallApp({
        workers,
        script: breaks,
        env: { ...waits, BROKEN: broken, BEZEL_WORKERS_GIVE_UP_AFTER: givesUp ? '10' : '100', BEZEL_FRONT_DOOR_QUEUE_DEADLINE: '200ms' },
      })
      writeFileSync(broken, '')
      const ready = app.facts().flatMap((fact) => (fact.tag === 'RunReady' ? [fact] : []))
      for (const { pid } of ready.slice(0, killed)) process.kill(pid, 'SIGKILL')

      // Before anything fails as a whole, less is served: by whoever is left, or by an answer of bezel's own.
      const lower = isDown ? 'static-answers' : 'reduced-capacity'
      await app.fact('DegradationChanged', ({ to }) => to === lower)
      if (!givesUp) expect(await outcomeOf(`${app.origin}/`)).toBe(isDown ? 503 : 200)
      if (mended) {
        rmSync(broken)
        await app.fact('DegradationChanged', ({ to }) => to === 'normal')
        expect(await outcomeOf(`${app.origin}/`)).toBe(200)
      }
      if (givesUp) expect(await app.exited).toEqual({ code: 74, signal: null })
      else expect(await app.stop()).toEqual({ code: 0, signal: null })
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
  300_000,
  2,
)
