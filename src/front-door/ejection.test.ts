import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { afterFailure, goodConduct } from './ejection.ts'

const policy = { failuresToEject: 3, ejectBaseMs: 100, ejectCapMs: 1_000 }

/** The lengths of the ejections that `count` failures lead to, each failure as soon as it may happen. */
function ejections(count: number, others: number): number[] {
  const lengths: number[] = []
  let conduct = goodConduct
  let nowMs = 0
  for (let failure = 0; failure < count; failure++) {
    const before = conduct.ejectedUntilMs
    conduct = afterFailure(conduct, others, nowMs, policy)
    if (conduct.ejectedUntilMs === before) continue
    lengths.push(conduct.ejectedUntilMs - nowMs)
    nowMs = conduct.ejectedUntilMs
  }
  return lengths
}

describe('ejection', () => {
  test('comes after failures in a row, then after one, each time for longer up to the cap', () => {
    expect(ejections(2, 1)).toEqual([])
    expect(ejections(9, 1)).toEqual([100, 200, 400, 800, 1_000, 1_000, 1_000])
  })

  test('never takes the last run', () => {
    fc.assert(
      fc.property(fc.nat(50), (count) => {
        expect(ejections(count, 0)).toEqual([])
      }),
    )
  })

  test('is not made longer by answers of requests from before it', () => {
    const ejected = { failures: 2, ejections: 1, ejectedUntilMs: 500 }
    expect(afterFailure(ejected, 3, 400, policy).ejectedUntilMs).toBe(500)
  })
})
