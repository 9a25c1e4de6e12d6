import { describe, expect, test } from 'vitest'
import { HeadWalker } from './head-walker.ts'
import { readResponseHead, ResponseHead } from './response-head.ts'
import { responseHeadText } from './write-head.ts'

function read(text: string, method = 'GET'): ResponseHead | string {
  const bytes = Buffer.from(text, 'latin1')
  const walker = new HeadWalker('response', { maxHeadBytes: 2_048, maxTargetBytes: 256, maxHeaders: 20 })
  walker.begin(0)
  const end = walker.walk(bytes, bytes.length)
  return end < 0 ? (walker.refusal?.why ?? 'more') : readResponseHead(walker, bytes, end, method)
}

const ok = (lines: string, status = '200 OK') => `HTTP/1.1 ${status}\r\n${lines}\r\n`

describe('a response head', () => {
  test.each([
    [ok('Content-Length: 5\r\n'), 'GET', 'length'],
    [ok('Content-Length: 5\r\nContent-Length: 5\r\n'), 'GET', 'length'],
    [ok('Transfer-Encoding: chunked\r\n'), 'GET', 'chunked'],
    [ok(''), 'GET', 'until-close'],
    [ok('Content-Length: 5\r\n'), 'HEAD', 'none'],
    [ok('Transfer-Encoding: chunked\r\n'), 'HEAD', 'none'],
    [ok('', '204 No Content'), 'GET', 'none'],
    [ok('Content-Length: 5\r\n', '304 Not Modified'), 'GET', 'none'],
    [ok('', '103 Early Hints'), 'GET', 'none'],
  ])('says how its body ends: %j to %s is %s', (text, method, framing) => {
    expect(read(text, method)).toMatchObject({ framing })
  })

  test.each([
    ok('Content-Length: 5\r\nContent-Length: 6\r\n'),
    ok('Content-Length: x\r\n'),
    ok('Transfer-Encoding: gzip\r\n'),
    ok('', '99 Low'),
    ok('', '600 High'),
    ok('', '2000 Long'),
    'HTTP/2.0 200 OK\r\n\r\n',
    'ICY 200 OK\r\n\r\n',
    ok('Folded: a\r\n b\r\n'),
    'HTTP/1.1 200 OK\nA: b\n\n',
  ])('is not passed on when it can be read in two ways: %j', (text) => {
    expect(typeof read(text)).toBe('string')
  })

  test('keeps the connection only when nothing speaks against it', () => {
    expect(read(ok('Content-Length: 0\r\n'))).toMatchObject({ keepAlive: true })
    expect(read(ok('Content-Length: 0\r\nConnection: close\r\n'))).toMatchObject({ keepAlive: false })
    expect(read('HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n')).toMatchObject({ keepAlive: false })
    expect(read('HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n')).toMatchObject({ keepAlive: true })
    expect(read(ok(''))).toMatchObject({ keepAlive: false })
    expect(read(ok('Transfer-Encoding: chunked\r\nContent-Length: 3\r\n'))).toMatchObject({
      keepAlive: false,
      framing: 'chunked',
      contentLength: -1,
    })
  })

  test('goes out with its own lines, without those about the worker connection', () => {
    const head = read(
      ok('A: 1\r\nConnection: keep-alive\r\nKeep-Alive: x\r\nContent-Length: 3\r\nB_c: 2\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n'),
    )
    if (typeof head === 'string') throw new Error(head)
    expect(responseHeadText(head, { http10: false, keepAlive: true, chunked: false }, 'X-Request-Id: i\r\n')).toBe(
      'HTTP/1.1 200 OK\r\nA: 1\r\nB_c: 2\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nX-Request-Id: i\r\nContent-Length: 3\r\n\r\n',
    )
  })

  test('may leave out the reason', () => {
    expect(read('HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n')).toMatchObject({ status: 200, reason: '' })
    expect(read(ok('Content-Type: text/event-stream; charset=utf-8\r\n'))).toMatchObject({ isEventStream: true })
  })
})
