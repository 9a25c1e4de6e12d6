import { describe, expect, test } from 'vitest'
import { readErrorFields } from '../../formats/pgwire/error-fields.ts'
import { tell, type Circumstances } from './told.ts'

const calm: Circumstances = {
  database: 'primary',
  lost: null,
  carries: null,
  away: null,
  retryInMs: null,
  waitedMs: 1_500,
  diagnosis: ['2 of at most 2 connections'],
  violation: null,
}

function fields(about: Parameters<typeof tell>[0], circumstances: Partial<Circumstances> = {}) {
  const bytes = tell(about, { ...calm, ...circumstances })
  return readErrorFields(bytes, 5, bytes.length)
}

describe('what a client is told when its session ends', () => {
  test('is 53300 with the diagnosis when the pool is exhausted', () => {
    expect(fields('deadline')).toMatchObject({
      severity: 'FATAL',
      sqlstate: '53300',
      message: 'no server connection to database "primary" after 1.5 s in the queue',
      detail: '2 of at most 2 connections',
    })
    expect(fields('queue-full')).toMatchObject({ sqlstate: '53300', message: expect.stringContaining('the queue is full') })
  })

  test('is 57P03 with the time of the next try when the server is away', () => {
    expect(fields('deadline', { away: 'connect ECONNREFUSED', retryInMs: 120.4 })).toMatchObject({
      sqlstate: '57P03',
      message: expect.stringContaining('connect ECONNREFUSED'),
      hint: 'The next attempt is made in 121 ms.',
    })
  })

  test('names what could not be moved, and never says that a doubtful outcome is known', () => {
    expect(fields('session-lost', { lost: 'closed by the server', carries: 'temporary table' })).toMatchObject({
      sqlstate: '08006',
      detail: expect.stringContaining('temporary table'),
    })
    expect(fields('outcome-unknown')).toMatchObject({ sqlstate: '08007', detail: expect.stringContaining('may or may not') })
  })

  test.each([
    ['stopping', '57P01'],
    ['run-ended', '57P01'],
    ['protocol-violation', '08P01'],
    ['start-up-timeout', '08P01'],
    ['cannot-move', '08006'],
    ['login-refused', '08001'],
  ] as const)('%s is %s', (about, sqlstate) => {
    expect(fields(about)).toMatchObject({ severity: 'FATAL', sqlstate })
  })
})
