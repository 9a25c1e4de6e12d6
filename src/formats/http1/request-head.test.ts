import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { HeadWalker, needMore, refused, type HeadLimits } from './head-walker.ts'
import { PendingHead } from './pending-head.ts'
import type { Refusal } from './refusal.ts'
import { readRequestHead, RequestHead } from './request-head.ts'
import { requestHeadText } from './write-head.ts'

const limits: HeadLimits = { maxHeadBytes: 2_048, maxTargetBytes: 256, maxHeaders: 20 }

function read(text: string, trusted = false): RequestHead | Refusal | 'more' {
  const bytes = Buffer.from(text, 'latin1')
  const walker = new HeadWalker('request', limits)
  walker.begin(0)
  const end = walker.walk(bytes, bytes.length)
  if (end === needMore) return 'more'
  return end === refused ? walker.refusal! : readRequestHead(walker, bytes, end, trusted)
}

/** The code of a refusal; fails the test when the request is taken. */
function codeOf(text: string): string {
  const answer = read(text)
  if (answer === 'more' || answer instanceof RequestHead) throw new Error(`taken: ${JSON.stringify(text)}`)
  return answer.code
}

function taken(text: string, trusted = false): RequestHead {
  const answer = read(text, trusted)
  if (!(answer instanceof RequestHead)) throw new Error(`refused: ${JSON.stringify(answer)} for ${JSON.stringify(text)}`)
  return answer
}

const get = (lines: string) => `GET / HTTP/1.1\r\nHost: a.example\r\n${lines}\r\n`

describe('a request head', () => {
  test('is taken apart', () => {
    const head = taken('POST /a?b=1 HTTP/1.1\r\nHost: a.example:80\r\nContent-Length: 12\r\nX-Any:  spaced \t\r\nAccept: */*\r\n\r\n')
    expect(head).toMatchObject({
      method: 'POST',
      target: '/a?b=1',
      host: 'a.example:80',
      contentLength: 12,
      keepAlive: true,
      accept: '*/*',
    })
    expect(head.lines).toBe('Host: a.example:80\r\nX-Any:  spaced \t\r\nAccept: */*\r\n')
  })

  test.each([
    ['two Host headers', 'GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n'],
    ['no Host header', 'GET / HTTP/1.1\r\n\r\n'],
    ['an empty Host', 'GET / HTTP/1.1\r\nHost:\r\n\r\n'],
    ['a Host with a path', 'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n'],
    ['a Host list', 'GET / HTTP/1.1\r\nHost: a,b\r\n\r\n'],
    ['user information in Host', 'GET / HTTP/1.1\r\nHost: u@a\r\n\r\n'],
    ['an absolute target that names another host', 'GET http://b.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n'],
    ['an absolute target without Host', 'GET http://b.example/ HTTP/1.0\r\n\r\n'],
    ['an absolute target with user information', 'GET http://u@a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n'],
    ['a target of another scheme', 'GET ftp://a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n'],
    ['a relative target', 'GET index.html HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['an asterisk for GET', 'GET * HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a fragment', 'GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['an octet above 0x7e in the target', 'GET /\xe9 HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['two spaces in the request line', 'GET  / HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a space at the end of the request line', 'GET / HTTP/1.1 \r\nHost: a\r\n\r\n'],
    ['a request line without version', 'GET /\r\nHost: a\r\n\r\n'],
    ['a lower-case method', 'get / HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a lower-case protocol name', 'GET / http/1.1\r\nHost: a\r\n\r\n'],
    ['a bare line feed', 'GET / HTTP/1.1\nHost: a\n\n'],
    ['a bare line feed in a header', 'GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n'],
    ['a bare carriage return', 'GET / HTTP/1.1\r\nHost: a\rX: y\r\n\r\n'],
    ['a bare carriage return at the end of the head', 'GET / HTTP/1.1\r\nHost: a\r\n\rX'],
    ['NUL in a value', 'GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n'],
    ['DEL in a value', 'GET / HTTP/1.1\r\nHost: a\r\nX: \x7f\r\n\r\n'],
    ['white space before the colon', get('X : y\r\n')],
    ['a folded line', get('X: y\r\n z\r\n')],
    ['a first line that is folded', 'GET / HTTP/1.1\r\n Host: a\r\n\r\n'],
    ['a header without a name', get(': y\r\n')],
    ['a header without a colon', get('X\r\n')],
    ['chunked in HTTP/1.0', 'POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['chunked and a length', get('Transfer-Encoding: chunked\r\nContent-Length: 3\r\n')],
    ['a length and chunked', get('Content-Length: 3\r\nTransfer-Encoding: chunked\r\n')],
    ['chunked twice', get('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n')],
    ['another coding before chunked', get('Transfer-Encoding: gzip, chunked\r\n')],
    ['identity', get('Transfer-Encoding: identity\r\n')],
    ['a coding that looks like chunked', get('Transfer-Encoding: xchunked\r\n')],
    ['a quoted coding', get('Transfer-Encoding: "chunked"\r\n')],
    ['a vertical tab beside chunked', get('Transfer-Encoding: \x0bchunked\r\n')],
    ['an empty coding', get('Transfer-Encoding:\r\n')],
    ['two lengths', get('Content-Length: 3\r\nContent-Length: 3\r\n')],
    ['a list of lengths', get('Content-Length: 3, 3\r\n')],
    ['a signed length', get('Content-Length: +3\r\n')],
    ['a negative length', get('Content-Length: -3\r\n')],
    ['a hexadecimal length', get('Content-Length: 0x3\r\n')],
    ['an empty length', get('Content-Length:\r\n')],
    ['a length beyond exact numbers', get('Content-Length: 9999999999999999\r\n')],
    ['a Connection header that is no list of tokens', get('Connection: a b\r\n')],
  ])('is refused with 400: %s', (_, text) => {
    expect(codeOf(text)).toBe('REQUEST_MALFORMED')
  })

  test.each([
    ['CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n', 'NOT_IMPLEMENTED'],
    ['TRACE / HTTP/1.1\r\nHost: a\r\n\r\n', 'NOT_IMPLEMENTED'],
    ['GET / HTTP/2.0\r\nHost: a\r\n\r\n', 'VERSION_UNSUPPORTED'],
    [get('Expect: cake\r\n'), 'EXPECTATION_UNKNOWN'],
    [`GET /${'a'.repeat(300)} HTTP/1.1\r\n`, 'TARGET_TOO_LONG'],
    [get(`X: ${'a'.repeat(3_000)}\r\n`), 'HEAD_TOO_LARGE'],
    [get('X: y\r\n'.repeat(21)), 'HEAD_TOO_LARGE'],
  ])('is refused for its own reason: %j', (text, code) => {
    expect(codeOf(text)).toBe(code)
  })

  test('drops what belongs to the connection, and what the Connection header names, but never Host', () => {
    const lines =
      'Connection: close, X-Mine, Host\r\nX-Mine: 1\r\nKeep-Alive: x\r\nProxy-Connection: x\r\nTE: x\r\nTrailer: x\r\nProxy: x\r\nX-Other: 2\r\n'
    const head = taken(get(lines))
    expect(head.lines).toBe('Host: a.example\r\nX-Other: 2\r\n')
    expect(head.keepAlive).toBe(false)
  })

  test('drops names with an underscore, also those that look like a header it acts on', () => {
    const head = taken(get('X_Forwarded_For: 1.2.3.4\r\nContent_Length: 5\r\nX-Forwarded-For_X: 1\r\nFine: 1\r\n'), true)
    expect(head.lines).toBe('Host: a.example\r\nFine: 1\r\n')
    expect(head.contentLength).toBe(0)
  })

  test('believes forwarding headers of trusted peers only', () => {
    const lines = get(
      'X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Port: 1\r\nForwarded: for=1\r\nX-Request-Id: abc\r\nX-Real-IP: 9\r\n',
    )
    expect(taken(lines)).toMatchObject({ forwardedFor: null, forwardedProto: null, requestId: null, lines: 'Host: a.example\r\n' })
    expect(taken(lines, true)).toMatchObject({
      forwardedFor: '1.2.3.4',
      forwardedProto: 'https',
      requestId: 'abc',
      lines: 'Host: a.example\r\nX-Forwarded-Port: 1\r\nForwarded: for=1\r\nX-Real-IP: 9\r\n',
    })
  })

  test('passes on an upgrade to one protocol, never one to HTTP/2 in the clear, nor one beside a body', () => {
    const upgrade = (to: string, more = '') => taken(get(`Connection: keep-alive, Upgrade\r\nUpgrade: ${to}\r\n${more}`)).upgrade
    expect(upgrade('websocket')).toBe('websocket')
    expect(upgrade('h2c')).toBe(null)
    expect(upgrade('websocket, h2c')).toBe(null)
    expect(upgrade('websocket', 'Content-Length: 3\r\n')).toBe(null)
    expect(taken(get('Upgrade: websocket\r\n')).upgrade).toBe(null)
  })

  test('keeps the connection as its version says', () => {
    expect(taken('GET / HTTP/1.0\r\n\r\n').keepAlive).toBe(false)
    expect(taken('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n').keepAlive).toBe(true)
    expect(taken(get('Connection: close\r\n')).keepAlive).toBe(false)
  })

  test('turns an absolute target into origin form', () => {
    expect(taken('GET http://A.example?q HTTP/1.1\r\nHost: a.example\r\n\r\n').target).toBe('/?q')
  })

  test('ignores empty lines before it', () => {
    expect(taken(`\r\n\r\n${get('')}`).method).toBe('GET')
  })

  const anyHead = fc
    .record({
      method: fc.constantFrom('GET', 'POST', 'DELETE'),
      target: fc.stringMatching(/^\/[a-z0-9/?=&%]{0,30}$/),
      headers: fc.array(fc.tuple(fc.stringMatching(/^[A-Za-z-]{1,12}$/), fc.stringMatching(/^[ -~]{0,20}$/)), { maxLength: 12 }),
    })
    .map(({ method, target, headers }) => {
      const lines = headers.map(([name, value]) => `X${name}: ${value}\r\n`).join('')
      return `${method} ${target} HTTP/1.1\r\nHost: a\r\n${lines}\r\n`
    })

  test('reads the same in whatever pieces it comes', () => {
    fc.assert(
      fc.property(anyHead, fc.array(fc.nat(200), { maxLength: 20, size: 'max' }), (text, cuts) => {
        const bytes = Buffer.from(`${text}body`, 'latin1')
        const pending = new PendingHead('request', limits)
        let at = 0
        let end = needMore
        for (const cut of [...cuts, bytes.length]) {
          if (end !== needMore) break
          const to = Math.min(bytes.length, at + cut)
          end = pending.add(bytes, at, to)
          at = to
        }
        expect(end).toBe(text.length)
        expect(readRequestHead(pending.walker, pending.bytes, end, false)).toEqual(read(text))
      }),
    )
  })

  test('is read again as what was written', () => {
    fc.assert(
      fc.property(anyHead, (text) => {
        const head = taken(text)
        expect(taken(requestHeadText(head, head.contentLength, ''))).toEqual(head)
      }),
    )
  })

  test('of any octets whatsoever is taken or refused, within its bounds', () => {
    const octets = fc.array(
      fc.constantFrom(
        '\r\n',
        '\r',
        '\n',
        ' ',
        ':',
        'GET / HTTP/1.1\r\n',
        'Host: a\r\n',
        'X',
        '\t',
        '\0',
        'é',
        'Transfer-Encoding: chunked\r\n',
      ),
      { maxLength: 40, size: 'max' },
    )
    fc.assert(
      fc.property(octets, (parts) => {
        const answer = read(parts.join(''))
        if (answer instanceof RequestHead) expect(taken(requestHeadText(answer, answer.contentLength, ''))).toBeInstanceOf(RequestHead)
      }),
      { numRuns: 2_000 },
    )
  })
})
