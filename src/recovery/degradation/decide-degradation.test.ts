import { expect, test } from 'vitest'
import { decideDegradation, type Condition } from './decide-degradation.ts'

const fine: Condition = {
  workersWanted: 2,
  workersReady: 2,
  everReady: true,
  gaveUp: false,
  databases: [{ name: 'primary', breaker: 'closed' }],
}

test.each<[string, Partial<Condition>, string]>([
  ['all is well', {}, 'normal'],
  ['nothing was ready yet', { workersReady: 0, everReady: false }, 'normal'],
  ['a database is away', { databases: [{ name: 'primary', breaker: 'open' }] }, 'database-degraded'],
  ['a database is being tried', { databases: [{ name: 'primary', breaker: 'half_open' }] }, 'database-degraded'],
  ['a worker is missing', { workersReady: 1 }, 'reduced-capacity'],
  ['a worker is missing and a database away', { workersReady: 1, databases: [{ name: 'primary', breaker: 'open' }] }, 'reduced-capacity'],
  ['no worker is left', { workersReady: 0 }, 'static-answers'],
  ['bezel gave up', { gaveUp: true }, 'gave-up'],
])('when %s', (_, change, level) => {
  const degradation = decideDegradation({ ...fine, ...change })
  expect(degradation.level).toBe(level)
  expect(degradation.why).not.toBe('')
  if (level !== 'normal') expect(degradation.wayBack).not.toBe('')
})
