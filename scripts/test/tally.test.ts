import { expect, test } from 'vitest'
import { toTally } from './tally.ts'

const report = (...files: { status: string; tests: string[] }[]) =>
  JSON.stringify({
    testResults: files.map(({ status, tests }, at) => ({
      name: `f${at}.test.ts`,
      status,
      assertionResults: tests.map((status, test) => ({ status, fullName: `rule ${test}` })),
    })),
  })

test('tests are counted, and whatever neither passed nor failed is skipped, by name', () => {
  const tally = toTally(
    report({ status: 'passed', tests: ['passed', 'skipped', 'todo'] }, { status: 'failed', tests: ['failed', 'passed'] }),
    1,
  )
  expect(tally).toEqual({ passed: 2, failed: 1, skipped: ['f0.test.ts rule 1', 'f0.test.ts rule 2'] })
})

test('a file that broke outside its tests is a failure', () => {
  expect(toTally(report({ status: 'failed', tests: [] }, { status: 'failed', tests: ['passed'] }), 1)).toMatchObject({
    passed: 1,
    failed: 2,
  })
})

test('a run that failed without saying where is a failure', () => {
  expect(toTally(report({ status: 'passed', tests: ['passed'] }), 1)).toMatchObject({ failed: 1 })
  expect(toTally(null, 0)).toMatchObject({ failed: 1 })
})
