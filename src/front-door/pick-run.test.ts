import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { pickRun, type RunLoad } from './pick-run.ts'

const load: fc.Arbitrary<RunLoad> = fc.record({
  open: fc.boolean(),
  outstanding: fc.nat(6),
  slots: fc.integer({ min: 1, max: 5 }),
  avoidUntilMs: fc.constantFrom(0, 200),
  ejectedUntilMs: fc.constantFrom(0, 200),
})

const fits = (run: RunLoad) => run.open && run.outstanding < run.slots && run.avoidUntilMs <= 100 && run.ejectedUntilMs <= 100

describe('picking a run', () => {
  test('takes the least busy of those that are open, free, reachable and not ejected', () => {
    fc.assert(
      fc.property(fc.array(load, { maxLength: 8, size: 'max' }), fc.nat(20), (runs, cursor) => {
        const index = pickRun(runs, cursor, 100)
        const fitting = runs.filter(fits)
        if (fitting.length === 0) {
          expect(index).toBe(-1)
          return
        }
        expect(fits(runs[index]!)).toBe(true)
        expect(runs[index]!.outstanding).toBe(Math.min(...fitting.map(({ outstanding }) => outstanding)))
      }),
      { numRuns: 1_000 },
    )
  })

  test('goes around among equals', () => {
    const run: RunLoad = { open: true, outstanding: 0, slots: 1, avoidUntilMs: 0, ejectedUntilMs: 0 }
    expect([0, 1, 2, 3].map((cursor) => pickRun([run, run, run], cursor, 0))).toEqual([0, 1, 2, 0])
  })
})
