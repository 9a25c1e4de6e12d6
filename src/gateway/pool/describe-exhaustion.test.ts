import { describe, expect, test } from 'vitest'
import { describeExhaustion } from './describe-exhaustion.ts'
import { emptyPool, type Member } from './pool-state.ts'

const leased = (id: number, lease = id): Member => ({ id, key: 'a', database: 'primary', life: { tag: 'Leased', lease, expiresMs: 1 } })

describe('the diagnosis of an exhausted pool', () => {
  test('counts, says what the server said, and names every holder, the longest first', () => {
    const checking: Member = { id: 3, key: 'c', database: 'cache', life: { tag: 'Checking', lease: 9, expiresMs: 1 } }
    const pool = { ...emptyPool, limit: 3, full: { fails: 1, untilMs: 5 }, members: [leased(1, 7), leased(2, 4), checking] }
    const exhaustion = { pool, database: 'primary', cap: 2, error: 'connect ECONNREFUSED', describe: (lease: number) => `holder ${lease}` }
    expect(describeExhaustion(exhaustion)).toEqual([
      '3 of at most 3 connections: 2 leased, 0 being opened, 1 being checked, 0 being cleaned, 0 idle; 0 waiting',
      '2 of at most 2 of them to primary, its pool size',
      'the server says that it has no connection slot left',
      'the server is away: connect ECONNREFUSED',
      'connection 2 to primary: holder 4',
      'connection 1 to primary: holder 7',
    ])
  })

  test('stays short', () => {
    const pool = { ...emptyPool, members: Array.from({ length: 100 }, (_, index) => leased(index)) }
    const lines = describeExhaustion({ pool, database: 'primary', cap: null, error: null, describe: () => 'someone' })
    expect(lines).toHaveLength(22)
    expect(lines.at(-1)).toBe('and 80 more')
  })
})
