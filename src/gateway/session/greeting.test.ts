import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cancelRequest, passwordMessage, sslRequest, startupMessage } from '../../formats/pgwire/client-messages.ts'
import { authenticationCleartextPassword, negotiateProtocolVersion } from '../../formats/pgwire/server-messages.ts'
import { Greeting, type Greeted } from './greeting.ts'

const startup = (minor: number, parameters: Record<string, string>) => startupMessage(minor, Object.entries(parameters))
const app = startup(0, { user: 'app', database: 'shop', application_name: 'rails', TimeZone: 'UTC' })

function greet(bytes: Buffer): Greeted {
  return new Greeting('app').read(bytes)
}

describe('a greeting', () => {
  test('lets the configured user in without a password', () => {
    expect(greet(app)).toMatchObject({
      tag: 'Introduced',
      reply: null,
      introduction: { user: 'app', password: null, database: 'shop', applicationName: 'rails', startup: { TimeZone: 'UTC' }, minor: 0 },
    })
  })

  test('asks another user for its password', () => {
    const greeting = new Greeting('app')
    expect(greeting.read(startup(0, { user: 'guest' }))).toEqual({ tag: 'NeedMore', reply: authenticationCleartextPassword })
    expect(greeting.read(passwordMessage('secret'))).toMatchObject({
      tag: 'Introduced',
      introduction: { user: 'guest', password: 'secret', database: null },
    })
  })

  test('declines encryption, and goes on in plain text', () => {
    const greeting = new Greeting('app')
    expect(greeting.read(sslRequest)).toEqual({ tag: 'NeedMore', reply: Buffer.from('N') })
    expect(greeting.read(app).tag).toBe('Introduced')
  })

  test('negotiates down a newer protocol and options that it does not know', () => {
    expect(greet(startup(9_999, { user: 'app' }))).toMatchObject({
      tag: 'Introduced',
      reply: negotiateProtocolVersion(9_999, []),
      introduction: { minor: 2 },
    })
    expect(greet(startup(0, { user: 'app', '_pq_.x': '1' }))).toMatchObject({ reply: negotiateProtocolVersion(0, ['_pq_.x']) })
  })

  test('hands a cancel request on', () => {
    expect(greet(cancelRequest(7, Buffer.from([1, 2, 3, 4])))).toEqual({ tag: 'Cancel', pid: 7, secret: Buffer.from([1, 2, 3, 4]) })
  })

  test('refuses replication, another protocol, and anything but a password where one is asked for', () => {
    expect(greet(startup(0, { user: 'app', replication: 'database' }))).toMatchObject({ tag: 'Refused', sqlstate: '0A000' })
    expect(greet(Buffer.from([0, 0, 0, 8, 0, 2, 0, 0]))).toMatchObject({ tag: 'Refused', sqlstate: '0A000' })
    expect(greet(Buffer.from('GET / HTTP/1.1\r\n'))).toMatchObject({ tag: 'Refused', sqlstate: '08P01' })
    const greeting = new Greeting('app')
    greeting.read(startup(0, { user: 'guest' }))
    expect(greeting.read(Buffer.from('Q\0\0\0\x0bselect'))).toMatchObject({ tag: 'Refused', sqlstate: '08P01' })
  })

  test('reads the same however it is cut', () => {
    const bytes = Buffer.concat([sslRequest, startup(0, { user: 'guest' }), passwordMessage('secret')])
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 40, size: 'max' }), (sizes) => {
        const greeting = new Greeting('app')
        let at = 0
        let last: Greeted = { tag: 'NeedMore', reply: null }
        const replies: Buffer[] = []
        for (const size of [...sizes, bytes.length]) {
          if (last.tag !== 'NeedMore' || at >= bytes.length) break
          last = greeting.read(bytes.subarray(at, at + size))
          if ('reply' in last && last.reply !== null) replies.push(last.reply)
          at += size
        }
        expect(last).toMatchObject({ tag: 'Introduced', introduction: { user: 'guest', password: 'secret' } })
        expect(Buffer.concat(replies)).toEqual(Buffer.concat([Buffer.from('N'), authenticationCleartextPassword]))
      }),
    )
  })
})
