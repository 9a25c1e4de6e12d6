import { createServer, type IncomingMessage, type Server } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bodyStep } from './body-walker.ts'
import { ChunkWalker } from './chunk-walker.ts'
import { HeadWalker } from './head-walker.ts'
import { readRequestHead, RequestHead } from './request-head.ts'
import { requestHeadText } from './write-head.ts'

/** What Node's own parser (llhttp) made of what it was sent. */
interface Seen {
  readonly requests: { method: string; target: string; host: string | undefined; body: string }[]
  readonly error: string | null
}

let server: Server
let seen: Seen['requests'] = []
let error: string | null = null

beforeAll(async () => {
  server = createServer((request: IncomingMessage, response) => {
    const entry = { method: request.method ?? '', target: request.url ?? '', host: request.headers.host, body: '' }
    seen.push(entry)
    request.on('data', (chunk: Buffer) => {
      entry.body += chunk.toString('latin1')
    })
    request.on('end', () => response.end())
  })
  server.on('clientError', (fault, socket) => {
    error = 'code' in fault ? String(fault.code) : fault.message
    socket.destroy()
  })
  // So that an expectation or an upgrade is a request like any other here.
  server.on('checkExpectation', (request, response) => server.emit('request', request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterAll(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

async function askLlhttp(text: string): Promise<Seen> {
  seen = []
  error = null
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  socket.on('error', () => {}).resume()
  socket.end(Buffer.from(text, 'latin1'))
  await new Promise((resolve) => socket.once('close', resolve))
  return { requests: seen, error }
}

/** What the front door makes of the first request in `text`, its body included; null when it refuses or wants more. */
function ours(text: string): { head: RequestHead; body: string; rest: string } | null {
  const bytes = Buffer.from(text, 'latin1')
  const walker = new HeadWalker('request', { maxHeadBytes: 4_096, maxTargetBytes: 1_024, maxHeaders: 50 })
  walker.begin(0)
  const end = walker.walk(bytes, bytes.length)
  if (end < 0) return null
  const head = readRequestHead(walker, bytes, end, false)
  if (!(head instanceof RequestHead)) return null
  if (head.contentLength !== null) {
    const to = end + head.contentLength
    return bytes.length < to ? null : { head, body: text.slice(end, to), rest: text.slice(to) }
  }
  const chunks = new ChunkWalker(true, 1_000)
  chunks.feed(end, bytes.length)
  let body = ''
  for (let step = chunks.next(bytes); ; step = chunks.next(bytes)) {
    if (step === bodyStep.end) return { head, body, rest: text.slice(chunks.at) }
    if (step !== bodyStep.data) return null
    body += text.slice(chunks.dataStart, chunks.dataEnd)
  }
}

const line = fc.constantFrom(
  'Host: a\r\n',
  'Host: b\r\n',
  'host:a \r\n',
  'Content-Length: 4\r\n',
  'Content-Length: 04\r\n',
  'Content-Length: 4, 4\r\n',
  'Content-Length : 4\r\n',
  'Content_Length: 4\r\n',
  'Content-Length:\t4\r\n',
  'Content-Length: 4\n',
  'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding: Chunked\r\n',
  'Transfer-Encoding: chunked, identity\r\n',
  'Transfer-Encoding:\x0bchunked\r\n',
  'Transfer_Encoding: chunked\r\n',
  ' Transfer-Encoding: chunked\r\n',
  'X: y\r\n z\r\n',
  'X: y\rZ: w\r\n',
  'X: \xe9\r\n',
  'Connection: close\r\n',
  'Connection: content-length, transfer-encoding\r\n',
  'Connection: upgrade\r\n',
  'Upgrade: h2c\r\n',
  'Expect: 100-continue\r\n',
  'X\r\n',
  ': x\r\n',
)
const body = fc.constantFrom(
  '',
  'abcd',
  '4\r\nabcd\r\n0\r\n\r\n',
  '4\r\nabcd\r\n0\r\nA: b\r\n\r\n',
  '4;x\r\nabcd\r\n0\r\n\r\n',
  '04\r\nabcd\r\n00\r\n\r\n',
  '4\nabcd\n0\n\n',
  '0\r\n\r\nGET /x HTTP/1.1\r\nHost: x\r\n\r\n',
)
const request = fc
  .record({
    method: fc.constantFrom('GET', 'POST', 'PUT', 'get', 'M-SEARCH'),
    target: fc.constantFrom('/', '/a?b', 'http://a/c', 'http://b/c', '*', '/a b', '/#', '//x'),
    version: fc.constantFrom('HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/1.2', 'http/1.1'),
    host: fc.constantFrom('Host: a\r\n', 'Host: a\r\n', ''),
    lines: fc.array(line, { maxLength: 4 }),
    body,
  })
  .map(({ method, target, version, host, lines, body }) => `${method} ${target} ${version}\r\n${host}${lines.join('')}\r\n${body}`)

describe('beside llhttp', () => {
  test('whatever is forwarded is one request to it, the same one', async () => {
    await fc.assert(
      fc.asyncProperty(request, async (text) => {
        const taken = ours(text)
        fc.pre(taken !== null)
        const { head, body } = taken
        const sent = `${requestHeadText(head, body.length, '')}${body}`
        const answer = await askLlhttp(sent)
        expect(answer).toEqual({
          requests: [{ method: head.method, target: head.target, host: head.host ?? 'localhost', body }],
          error: null,
        })
      }),
      { numRuns: 300 },
    )
  }, 120_000)

  test('a request that both take as it came has one reading: body and end agree', async () => {
    await fc.assert(
      fc.asyncProperty(request, async (text) => {
        const taken = ours(text)
        fc.pre(taken !== null && taken.rest === '')
        const answer = await askLlhttp(text)
        // It knows no method of that name, and no version but these: refusing more than we do is no second reading.
        if (answer.error !== null) return
        expect(answer.requests).toHaveLength(1)
        expect(answer.requests[0]).toMatchObject({ method: taken.head.method, body: taken.body })
      }),
      // About one drawn request in a hundred is taken at all.
      { numRuns: 300, maxSkipsPerRun: 1_000 },
    )
  }, 120_000)
})
