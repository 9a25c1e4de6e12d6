import { expect, test } from 'vitest'
import { FailureBudget } from './failure-budget.ts'

test('is spent by so many failures within its window, and not by as many spread further', () => {
  const close = new FailureBudget(3, 1_000)
  expect([0, 500, 999].map((atMs) => close.spend(atMs))).toEqual([false, false, true])
  const spread = new FailureBudget(3, 1_000)
  expect([0, 500, 1_000, 1_500, 2_000].map((atMs) => spread.spend(atMs))).toEqual([false, false, false, false, false])
})
