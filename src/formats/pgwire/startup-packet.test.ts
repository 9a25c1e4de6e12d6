import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cancelRequest, sslRequest, startupMessage } from './client-messages.ts'
import { errorResponse, readErrorFields } from './error-fields.ts'
import { readBackendKeyData, readBind, readCommandTag, readParameterStatus } from './message-fields.ts'
import { MessageWalker } from './message-walker.ts'
import { authenticationSasl, backendKeyData, negotiateProtocolVersion, parameterStatus, readyForQuery } from './server-messages.ts'
import { readStartupPacket } from './startup-packet.ts'
import { serverRules } from './walk-rules.ts'

const word = fc
  .string({ minLength: 1, maxLength: 12, unit: 'binary' })
  .filter((text) => !text.includes('\0') && !text.startsWith('_pq_.') && Buffer.from(text).toString() === text)

describe('a start-up packet', () => {
  test('reads back as it was written, whatever follows it, and not before it is complete', () => {
    fc.assert(
      fc.property(word, fc.dictionary(word, word), fc.nat(9), fc.uint8Array({ maxLength: 9 }), (user, others, minor, rest) => {
        const bytes = startupMessage(minor, [...Object.entries(others), ['_pq_.x', '1'], ['user', user]])
        const packet = readStartupPacket(Buffer.concat([bytes, rest]))
        expect(packet).toMatchObject({ tag: 'Startup', bytes: bytes.length, minor, protocolOptions: ['_pq_.x'] })
        if (packet.tag === 'Startup') expect(Object.fromEntries(packet.parameters)).toEqual({ ...others, user })
        for (let cut = 0; cut < bytes.length; cut += 1) expect(readStartupPacket(bytes.subarray(0, cut))).toEqual({ tag: 'NeedMore' })
      }),
    )
  })

  test('may be a request of another kind', () => {
    expect(readStartupPacket(sslRequest)).toEqual({ tag: 'SslRequest', bytes: 8 })
    expect(readStartupPacket(Buffer.from('00000008 04d21630'.replace(' ', ''), 'hex'))).toEqual({ tag: 'GssEncRequest', bytes: 8 })
    for (const length of [1, 4, 32, 256]) {
      const secret = Buffer.alloc(length, 7)
      expect(readStartupPacket(cancelRequest(-5, secret))).toEqual({ tag: 'CancelRequest', bytes: 12 + length, pid: -5, secret })
    }
    expect(readStartupPacket(Buffer.from('0000000900020000ff', 'hex'))).toEqual({ tag: 'UnsupportedVersion', major: 2, minor: 0 })
    expect(readStartupPacket(startupMessage(9_999, [['user', 'a']]))).toMatchObject({ tag: 'Startup', minor: 9_999 })
  })

  test.each([
    ['a length of HTTP', Buffer.from('GET / HTTP/1.1\r\n')],
    ['a length under 8', Buffer.from('0000000700030000', 'hex')],
    ['a length over PostgreSQL’s limit', Buffer.from('0000271100030000', 'hex')],
    ['a cancel key of 257 bytes', cancelRequest(1, Buffer.alloc(257))],
    ['a cancel request without a key', cancelRequest(1, Buffer.alloc(0))],
    ['no user', startupMessage(0, [['database', 'x']])],
    ['an empty user', startupMessage(0, [['user', '']])],
    ['no terminator', Buffer.from('0000000e00030000757365720061', 'hex')],
    ['bytes behind the terminator', Buffer.concat([Buffer.from([0, 0, 0, 18, 0, 3, 0, 0]), Buffer.from('user\0a\0\0\0\0')])],
  ])('with %s is malformed', (_what, bytes) => {
    expect(readStartupPacket(bytes)).toMatchObject({ tag: 'Malformed' })
  })

  test('never makes the reader throw', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 60, size: 'max' }),
        (bytes) => void readStartupPacket(Buffer.concat([Buffer.from([0, 0, 0, bytes.length + 4]), bytes])),
      ),
    )
  })
})

describe('messages of the gateway itself', () => {
  test('read back as they were written', () => {
    const walker = new MessageWalker(serverRules(1_000))
    const error = { severity: 'FATAL', sqlstate: '53300', message: 'ü full', detail: 'all\0 busy', hint: 'wait' } as const
    walker.feed(
      Buffer.concat([errorResponse(error), parameterStatus('a', 'b'), backendKeyData(-2, Buffer.alloc(32, 1)), readyForQuery(0x49), negotiateProtocolVersion(9_999, ['_pq_.x']), authenticationSasl(['SCRAM-SHA-256'])]), // prettier-ignore
    )
    const body = () => [walker.buffer, walker.start, walker.end] as const
    expect(walker.next()).toBe(0x45)
    expect(readErrorFields(...body())).toEqual({ ...error, detail: 'all busy', routine: null })
    expect(walker.next()).toBe(0x53)
    expect(readParameterStatus(...body())).toEqual({ name: 'a', value: 'b' })
    expect(walker.next()).toBe(0x4b)
    expect(readBackendKeyData(...body())).toEqual({ pid: -2, secret: Buffer.alloc(32, 1) })
    expect([walker.next(), walker.buffer[walker.start]]).toEqual([0x5a, 0x49])
    expect([walker.next(), walker.buffer.toString('latin1', walker.start, walker.end)]).toEqual([0x76, '\0\x03\0\x02\0\0\0\x01_pq_.x\0'])
    expect([walker.next(), walker.buffer.toString('latin1', walker.start, walker.end)]).toEqual([0x52, '\0\0\0\x0aSCRAM-SHA-256\0\0'])
  })

  test('are read without a throw when they are not what they should be', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40, size: 'max' }), (bytes) => {
        const buffer = Buffer.from(bytes)
        for (const read of [readErrorFields, readParameterStatus, readBackendKeyData, readCommandTag, readBind])
          read(buffer, 0, buffer.length)
      }),
    )
  })
})
