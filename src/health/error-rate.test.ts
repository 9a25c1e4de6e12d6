import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ErrorRate } from './error-rate.ts'

describe('the error rate', () => {
  test('is the share of failed answers in the window', () => {
    const rate = new ErrorRate({ windowMs: 1_000, acceptable: 0.1, leastAnswers: 10, leastFailed: 3 })
    rate.sample(0, { answered: 0, failed: 0 })
    rate.sample(500, { answered: 100, failed: 20 })
    expect(rate.rate()).toBe(0.2)
    expect(rate.isAcceptable()).toBe(false)
  })

  test('forgets what is older than the window', () => {
    const rate = new ErrorRate({ windowMs: 1_000, acceptable: 0.1, leastAnswers: 10, leastFailed: 3 })
    rate.sample(0, { answered: 0, failed: 0 })
    rate.sample(1_000, { answered: 100, failed: 100 })
    rate.sample(2_000, { answered: 200, failed: 100 })
    rate.sample(3_000, { answered: 300, failed: 100 })
    expect(rate.rate()).toBe(0)
  })

  test.each([
    [2, 2, true],
    [3, 3, false],
    [7, 6, false],
    [8, 4, true],
    [30, 3, true],
    [30, 4, false],
  ])('of %d answers with %d failed the acceptability is %j: of a handful most must have failed', (answered, failed, acceptable) => {
    const rate = new ErrorRate({ windowMs: 1_000, acceptable: 0.1, leastAnswers: 10, leastFailed: 3 })
    rate.sample(0, { answered: 0, failed: 0 })
    rate.sample(100, { answered, failed })
    expect(rate.isAcceptable()).toBe(acceptable)
    expect(rate.traffic()).toEqual({ answered, failed })
    expect(rate.rate()).toBe(failed / answered)
  })

  test('lies between 0 and 1, also when the counters start again', () => {
    const steps = fc.array(
      fc.record({
        gapMs: fc.nat(500),
        answered: fc.nat(50),
        failedShare: fc.double({ min: 0, max: 1, noNaN: true }),
        restart: fc.boolean(),
      }),
      {
        maxLength: 60,
        size: 'max',
      },
    )
    fc.assert(
      fc.property(steps, (drawn) => {
        const rate = new ErrorRate({ windowMs: 1_000, acceptable: 0.1, leastAnswers: 1, leastFailed: 1 })
        let [nowMs, answered, failed] = [0, 0, 0]
        for (const step of drawn) {
          nowMs += step.gapMs
          if (step.restart) [answered, failed] = [0, 0]
          answered += step.answered
          failed += Math.floor(step.answered * step.failedShare)
          rate.sample(nowMs, { answered, failed })
          expect(rate.rate()).toBeGreaterThanOrEqual(0)
          expect(rate.rate()).toBeLessThanOrEqual(1)
        }
      }),
    )
  })
})
