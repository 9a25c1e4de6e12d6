import { describe, expect, test } from 'vitest'
import { describeExhaustion } from './describe-exhaustion.ts'
import { emptyPool, type Member } from './pool-state.ts'

const leased = (id: number): Member => ({ id, key: 'a', database: 'primary', life: { tag: 'Leased', lease: id, expiresMs: 1 } })

describe('the diagnosis of an exhausted pool', () => {
  test('counts, says what the server said, and names every holder', () => {
    const pool = { ...emptyPool, limit: 2, fullUntilMs: 5, members: [leased(1), leased(2)] }
    expect(describeExhaustion(pool, (lease) => `holder ${lease}`, 'connect ECONNREFUSED')).toEqual([
      '2 of at most 2 connections: 2 leased, 0 being opened, 0 being cleaned, 0 idle; 0 waiting',
      'the server says that it has no connection slot left',
      'the server is away: connect ECONNREFUSED',
      'connection 1 to primary: holder 1',
      'connection 2 to primary: holder 2',
    ])
  })

  test('stays short', () => {
    const pool = { ...emptyPool, members: Array.from({ length: 100 }, (_, index) => leased(index)) }
    const lines = describeExhaustion(pool, () => 'someone', null)
    expect(lines).toHaveLength(22)
    expect(lines.at(-1)).toBe('and 80 more')
  })
})
