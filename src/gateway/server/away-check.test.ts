import { describe, expect, test } from 'vitest'
import { AwayCheck } from './away-check.ts'

describe('an away check', () => {
  test('answers by an attempt that began after the question, shared by all who asked meanwhile', async () => {
    const attempts: PromiseWithResolvers<boolean>[] = []
    const check = new AwayCheck(() => {
      const attempt = Promise.withResolvers<boolean>()
      attempts.push(attempt)
      return attempt.promise
    })
    const first = check.ask()
    const later = [check.ask(), check.ask()]
    expect(attempts).toHaveLength(1)
    attempts[0]?.resolve(false)
    expect(await first).toBe(false)
    await new Promise((resolve) => setImmediate(resolve))
    expect(attempts).toHaveLength(2)
    attempts[1]?.resolve(true)
    expect(await Promise.all(later)).toEqual([true, true])
    void check.ask()
    expect(attempts).toHaveLength(3)
    attempts[2]?.resolve(true)
  })
})
