import { describe, expect, test } from 'vitest'
import { CancelKeys } from './cancel-keys.ts'

function counting() {
  const session = {
    cancelled: 0,
    cancel: () => {
      session.cancelled += 1
      return Promise.resolve()
    },
  }
  return session
}

describe('cancel keys', () => {
  test('reach the session that holds them, until they are revoked, and no other', async () => {
    const keys = new CancelKeys()
    const one = counting()
    const two = counting()
    const key = keys.issue(7, 4, one)
    keys.issue(7, 32, two)
    expect(key).toHaveLength(4)
    await keys.cancel(7, key)
    await keys.cancel(8, key)
    await keys.cancel(7, Buffer.alloc(4))
    keys.revoke(7, key)
    await keys.cancel(7, key)
    expect([one.cancelled, two.cancelled]).toEqual([1, 0])
  })
})
