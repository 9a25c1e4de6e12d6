import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { accessLine } from './access-line.ts'
import { errorAnswer } from './error-answer.ts'
import { Tally } from './tally.ts'
import { peerOf, TrustedPeers } from './trusted-peers.ts'

const record = {
  wallMs: 1_700_000_000_123.9,
  id: 'a-1',
  peer: '10.0.0.1',
  method: 'GET',
  path: '/',
  status: 200,
  bytes: 5,
  tookMs: 1.26,
  worker: 2,
}

describe('an access line', () => {
  test('is one JSON object, whatever the path', () => {
    const path = fc.stringMatching(/^\/[!-~]{0,3000}$/)
    fc.assert(
      fc.property(path, (path) => {
        const line = accessLine({ ...record, path }, 'json')
        expect(JSON.parse(line)).toMatchObject({
          time: '2023-11-14T22:13:20.123Z',
          path: path.length > 1_500 ? `${path.slice(0, 1_500)}…` : path,
        })
        expect(Buffer.byteLength(line)).toBeLessThan(4_096)
      }),
    )
  })

  test('is readable as text', () => {
    // The clock of bezel's own lines, in whatever zone the tests run.
    const clock = new Date(record.wallMs).toTimeString().slice(0, 8)
    expect(accessLine(record, 'text')).toBe(`${clock} info  10.0.0.1 GET / 200 5B 1.3ms worker=2 id=a-1`)
  })
})

describe('an answer in the front door’s own words', () => {
  const context = {
    accept: '',
    method: 'GET',
    requestId: 'r',
    incident: 'i-1',
    why: null,
    keepAlive: true,
    http10: false,
    retryAfterSeconds: 3,
  }

  test('names the incident in body and header', () => {
    const { status, text } = errorAnswer('WORKER_DIED', context)
    expect(status).toBe(502)
    expect(text).toContain('\r\nX-Bezel-Incident: i-1\r\n')
    expect(text).toContain('\nIncident: i-1\n')
    expect(text).not.toContain('Retry-After')
  })

  test('says when to come back only where coming back helps', () => {
    expect(errorAnswer('NO_WORKER', context).text).toContain('\r\nRetry-After: 3\r\n')
    expect(errorAnswer('STOPPING', context).text).toContain('\r\nRetry-After: 3\r\n')
  })

  test('has no body for HEAD, but its length', () => {
    expect(errorAnswer('WORKER_DIED', { ...context, method: 'HEAD' }).text).toMatch(/Content-Length: \d{2,}\r\n[^]*\r\n\r\n$/)
  })
})

describe('trusted peers', () => {
  test('are addresses or ranges, and clients on a Unix socket', () => {
    const peers = new TrustedPeers(['10.0.0.0/8', '192.0.2.7', 'fd00::/8'])
    expect(['10.9.9.9', '192.0.2.7', 'fd12::1', ''].every((address) => peers.has(address))).toBe(true)
    expect(['11.0.0.1', '192.0.2.8', 'fe80::1'].some((address) => peers.has(address))).toBe(false)
  })

  test.each(['10.0.0.0/33', 'example.org', '10.0.0.0/x', 'fd00::/129', ''])('refuses %j', (range) => {
    expect(() => new TrustedPeers([range])).toThrow(/trusted peer/)
  })

  test('knows an IPv4 address in IPv6 clothes', () => {
    const at = (remoteAddress: string | undefined, localAddress: string | undefined = '10.0.0.9') => peerOf({ remoteAddress, localAddress })
    expect(at('::ffff:10.0.0.1')).toBe('10.0.0.1')
    expect(at('::ffff:a00:1')).toBe('::ffff:a00:1')
  })

  test('does not trust a TCP client that has gone, which looks like one on a Unix socket', () => {
    const gone = peerOf({ remoteAddress: undefined, localAddress: '10.0.0.9' })
    expect(gone).toBe('unknown')
    expect(new TrustedPeers(['0.0.0.0/0', '::/0']).has(gone)).toBe(false)
    expect(peerOf({ remoteAddress: undefined, localAddress: undefined })).toBe('')
  })
})

test('a tally puts each duration into the smallest bucket that holds it', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 200_000, noNaN: true }), (tookMs) => {
      const tally = new Tally()
      tally.answered(200, tookMs)
      const bucket = tally.durations.indexOf(1)
      if (bucket < tally.durations.length - 1) expect(tookMs).toBeLessThan(2 ** bucket)
      if (bucket > 0) expect(tookMs).toBeGreaterThanOrEqual(2 ** (bucket - 1))
    }),
  )
})
