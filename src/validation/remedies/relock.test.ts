import { expect, test } from 'vitest'
import { put, remedy } from '../../../test/support/remedy-scene.ts'

test('a lock is brought up to date by installing, a frozen one before', () => {
  expect(remedy({ tag: 'Relock' })).toEqual(['bundle install'])
  put('/srv/my app/.bundle/config', '---\nBUNDLE_FROZEN: "true"\n')
  expect(remedy({ tag: 'Relock' })).toEqual([
    'bundle config set --local frozen false',
    'bundle lock',
    'bundle config set --local frozen true',
    'bundle install',
  ])
})
