import { describe, expect, test } from 'vitest'
import { applicationName, setApplicationName } from './application-name.ts'

describe('application_name', () => {
  test.each([
    ['rails', 2, 'rails (worker 2 run 7)'],
    [undefined, 2, 'bezel worker 2 run 7'],
    ['rails', null, 'rails'],
    [undefined, null, 'bezel'],
    ['x'.repeat(80), 2, `${'x'.repeat(46)} (worker 2 run 7)`],
  ])('%s of worker %s is %s', (asked, worker, name) => {
    expect(applicationName(asked, worker, 7)).toBe(name)
    expect(name.length).toBeLessThanOrEqual(63)
  })

  test('can hold no SQL', () => {
    expect(setApplicationName("a'b\\c").toString('utf8', 5)).toBe("SET application_name TO E'a''b\\\\c'\0")
  })
})
