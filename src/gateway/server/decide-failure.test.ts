import { describe, expect, test } from 'vitest'
import { readErrorFields } from '../../formats/pgwire/error-fields.ts'
import type { ConnectFailure } from '../server-link/connect-failure.ts'
import { decideFailure } from './decide-failure.ts'

const refused = (sqlstate: string, text: string): ConnectFailure => ({ tag: 'Refused', sqlstate, text, bytes: Buffer.from(text) })

describe('a failed attempt', () => {
  test.each<[string, ConnectFailure, string]>([
    ['no one listens', { tag: 'Unreachable', errno: 'ECONNREFUSED', text: 'connect ECONNREFUSED' }, 'unreachable'],
    ['no answer', { tag: 'Timeout', afterMs: 5_000, stage: 'connect' }, 'unreachable'],
    ['starting up', refused('57P03', 'the database system is starting up'), 'unreachable'],
    ['shutting down in the login', refused('57P01', 'terminating connection'), 'unreachable'],
    ['no slot left', refused('53300', 'sorry, too many clients already'), 'full'],
    ["a role's own limit", refused('53300', 'too many connections for role "app"'), 'refused'],
    ['a wrong password', refused('28P01', 'password authentication failed'), 'refused'],
    ['no such database', refused('3D000', 'database "x" does not exist'), 'refused'],
    ['no TLS', { tag: 'Tls', text: 'the server does not offer TLS' }, 'refused'],
  ])('because of %s', (_title, failure, tag) => {
    expect(decideFailure(failure)).toMatchObject({ tag })
  })

  test("keeps the server's own words, and finds its own where there are none", () => {
    expect(decideFailure(refused('28P01', 'no'))).toMatchObject({ bytes: Buffer.from('no') })
    const own = decideFailure({ tag: 'Tls', text: 'the server does not offer TLS' })
    if (own.tag !== 'refused') throw new Error('not refused')
    expect(readErrorFields(own.bytes, 5, own.bytes.length)).toMatchObject({ sqlstate: '08001', message: 'the server does not offer TLS' })
  })
})
