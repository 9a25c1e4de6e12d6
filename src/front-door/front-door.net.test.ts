import { afterEach, describe, expect, test } from 'vitest'
import type { FakeRequest } from './testing/fake-worker.ts'
import { echo, get, open, closeRigs } from './testing/open-rig.ts'
import { until } from './testing/rig.ts'

afterEach(closeRigs)

describe('the way of a request', () => {
  test('goes to a worker and back, with an id and who asked for it', async () => {
    const rig = await open()
    const { worker } = await rig.boot(echo)
    const answer = await rig.ask('/a?b=1', { headers: { Connection: 'close' } })
    expect(answer).toMatchObject({ status: 200, body: 'GET /a?b=1 ' })
    const { headers } = worker.requests[0]!
    expect(headers).toMatchObject({
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': `127.0.0.1:${rig.port}`,
    })
    expect(headers['x-request-start']).toMatch(/^t=\d{13}$/)
    expect('headers' in answer && answer.headers['x-request-id']).toBe(headers['x-request-id'])
    expect(headers['connection']).toBeUndefined()
    await until(() => rig.lines.length === 1)
    expect(JSON.parse(rig.lines[0]!)).toMatchObject({
      method: 'GET',
      path: '/a',
      status: 200,
      bytes: 11,
      worker: 1,
      id: headers['x-request-id'],
    })
  })

  test('believes the id and the chain of a trusted peer, and of no other', async () => {
    const said = { 'X-Request-Id': 'abc-1', 'X-Forwarded-For': '9.9.9.9', 'X-Forwarded-Proto': 'https' }
    const trusting = await open()
    const one = await trusting.boot(echo)
    await trusting.ask('/', { headers: said })
    expect(one.worker.requests[0]!.headers).toMatchObject({
      'x-request-id': 'abc-1',
      'x-forwarded-for': '9.9.9.9, 127.0.0.1',
      'x-forwarded-proto': 'https',
    })
    await trusting.ask('/', { headers: { 'X-Request-Id': 'has "quotes"' } })
    expect(one.worker.requests[1]!.headers['x-request-id']).toMatch(/^\w+-\w+$/)
    const wary = await open({ trustedPeers: ['10.0.0.0/8'] })
    const two = await wary.boot(echo)
    await wary.ask('/', { headers: said })
    expect(two.worker.requests[0]!.headers).toMatchObject({ 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'http' })
    expect(two.worker.requests[0]!.headers['x-request-id']).not.toBe('abc-1')
  })

  test('keeps connections on both sides', async () => {
    const rig = await open()
    const { worker } = await rig.boot(echo)
    const line = rig.dial()
    for (const path of ['/1', '/2', '/3']) {
      line.say(get(path))
      await line.hears(`GET ${path} `)
    }
    expect(worker.connections).toBe(1)
  })

  test('answers pipelined requests in their order, whatever the workers do', async () => {
    const rig = await open()
    const paths = Array.from({ length: 30 }, (_, index) => `/${index}`)
    const slow = (request: FakeRequest) => void setTimeout(() => request.reply(request.target), request.target.length === 2 ? 20 : 0)
    await rig.boot(slow)
    await rig.boot(slow)
    const line = rig.dial().say(paths.map((path) => get(path)).join('') + get('/last', 'Connection: close\r\n'))
    await until(() => line.ended)
    expect(
      line.heard
        .split('\r\n\r\n')
        .slice(1)
        .map((text) => text.replace(/HTTP[^]*/, '')),
    ).toEqual([...paths, '/last'])
  })

  test('works on no further request of a client that does not take its answers', async () => {
    const rig = await open()
    const { worker } = await rig.boot((request) => request.reply('x'.repeat(2_000)))
    const line = rig.dial()
    line.socket.pause()
    const total = 10_000
    for (let count = 0; count < total; count++) line.say(get(`/${count}`))
    let before = -1
    await until(() => {
      const stands = worker.requests.length > 0 && worker.requests.length === before
      before = worker.requests.length
      return stands && rig.door.snapshot().runs[0]?.outstanding === 0
    })
    expect(worker.requests.length).toBeLessThan(total)
    line.socket.resume()
    await until(() => worker.requests.length === total && line.heard.length > total * 2_000)
  })

  test('answers a client that half-closes after its request', async () => {
    const rig = await open()
    await rig.boot((request) => void setTimeout(() => request.reply('late'), 30))
    const line = rig.dial().say(get('/a') + get('/b'))
    line.socket.end()
    await until(() => line.ended)
    expect(line.heard.match(/late/g)).toHaveLength(2)
  })

  test('holds a small body until it is whole, and sends it with its length', async () => {
    const rig = await open()
    const { worker } = await rig.boot(echo)
    const line = rig.dial().say('POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n')
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(worker.connections).toBe(0)
    line.say('4\r\ndefg\r\n0\r\nT: x\r\n\r\n')
    await line.hears('POST /p abcdefg')
    expect(worker.requests[0]!.headers).toMatchObject({ 'content-length': '7' })
    expect(worker.requests[0]!.headers['transfer-encoding']).toBeUndefined()
  })

  test.each([true, false])('streams a body that is longer than is held (chunked: %s)', async (chunked) => {
    const rig = await open({ holdBodyBytes: 1_000 })
    const { worker } = await rig.boot((request) => request.reply(String(request.body.length)))
    const line = rig.dial()
    const piece = 'x'.repeat(5_000)
    const total = 200
    line.say(`POST / HTTP/1.1\r\nHost: a\r\n${chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${5_000 * total}`}\r\n\r\n`)
    for (let count = 0; count < total; count++) line.say(chunked ? `1388\r\n${piece}\r\n` : piece)
    if (chunked) line.say('0\r\n\r\n')
    await line.hears('HTTP/1.1 200')
    await until(() => /\r\n\r\n\d+$/.test(line.heard))
    const body = worker.requests[0]!.body
    expect(chunked ? body.replace(/[0-9a-f]+\r\n|\r\n/g, '').length : body.length).toBe(5_000 * total)
    expect(rig.door.snapshot().heldBodyBytes).toBe(0)
  })

  test('says 100 Continue itself', async () => {
    const rig = await open()
    await rig.boot(echo)
    const line = rig.dial().say('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n')
    await line.hears('HTTP/1.1 100 Continue\r\n\r\n')
    line.say('abc')
    await line.hears('POST / abc')
  })

  test('passes on early hints, and no 100 of the worker', async () => {
    const rig = await open()
    await rig.boot(({ socket }) => {
      socket.write('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n')
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    })
    const line = rig.dial().say(get('/'))
    await line.hears('\r\n\r\nok')
    expect(line.heard).toMatch(/^HTTP\/1.1 103 Early Hints\r\nLink: <\/a>\r\n\r\nHTTP\/1.1 200/)
  })

  test.each([
    ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', /Content-Length: 5\r\n\r\n$/],
    ['GET', 'HTTP/1.1 204 No Content\r\n\r\n', /^HTTP\/1.1 204 No Content\r\nX-Request-Id: [^\r]+\r\n\r\n$/],
    ['GET', 'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n', /ETag: "a"/],
  ])('knows that an answer to %s has no body: %j', async (method, answer, wanted) => {
    const rig = await open()
    await rig.boot((request) => (request.target === '/' ? void request.socket.write(answer) : request.reply('next')))
    const line = rig.dial().say(`${method} / HTTP/1.1\r\nHost: a\r\n\r\n`)
    await line.hears('\r\n\r\n')
    expect(line.heard).toMatch(wanted)
    line.say(get('/2'))
    await line.hears('next')
  })

  test('frames an answer without a length for each client', async () => {
    const rig = await open()
    await rig.boot(({ socket }) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\nfirst ')
      setTimeout(() => socket.end('second'), 20)
    })
    const modern = rig.dial().say(get('/'))
    await modern.hears('0\r\n\r\n')
    expect(modern.heard).toContain('Transfer-Encoding: chunked')
    const old = rig.dial().say('GET / HTTP/1.0\r\n\r\n')
    await until(() => old.ended)
    expect(old.heard).toMatch(/Connection: close\r\n\r\nfirst second$/)
  })

  test('takes the chunks off for HTTP/1.0, and their extensions off for all', async () => {
    const rig = await open()
    await rig.boot(({ socket }) =>
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n2\r\nde\r\n0\r\nT: x\r\n\r\n'),
    )
    const old = rig.dial().say('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n')
    await until(() => old.ended)
    expect(old.heard).toMatch(/\r\n\r\nabcde$/)
    const modern = rig.dial().say(get('/'))
    await modern.hears('3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n')
  })

  test('carries 20 MB to a slow client without holding it, and every octet of it', async () => {
    const rig = await open()
    const size = 20_000_000
    const { worker } = await rig.boot(({ socket }) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`)
      for (let sent = 0; sent < size; sent += 1_000_000) socket.write(Buffer.alloc(1_000_000, sent / 1_000_000 + 1))
    })
    const line = rig.dial()
    line.socket.pause()
    line.say(get('/'))
    await until(() => worker.requests.length === 1)
    await new Promise((resolve) => setTimeout(resolve, 100))
    // What is not read by the client stays in the worker's process.
    expect(worker.requests[0]!.socket.writableLength).toBeGreaterThan(8_000_000)
    line.socket.resume()
    await until(() => line.heard.length > size)
    const body = line.heard.slice(line.heard.indexOf('\r\n\r\n') + 4)
    expect(body.length).toBe(size)
    for (let piece = 0; piece < 20; piece++) expect(body.charCodeAt(piece * 1_000_000 + 999_999)).toBe(piece + 1)
  })

  test('splices an upgrade both ways, counts it apart, and passes on its end', async () => {
    const rig = await open()
    const { run } = await rig.boot(({ socket, headers }) => {
      if (headers['upgrade'] !== 'websocket') return void socket.end()
      socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\nhello')
      socket.removeAllListeners('data')
      socket.on('data', (chunk: Buffer) => socket.write(`<${chunk.toString()}>`)).on('end', () => socket.end('bye'))
    }, 1)
    const line = rig.dial().say(get('/ws', 'Connection: Upgrade\r\nUpgrade: websocket\r\n'))
    await line.hears('hello')
    expect(line.heard).toContain('Connection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello')
    line.say('ping')
    await line.hears('<ping>')
    expect(rig.door.snapshot().runs[0]).toMatchObject({ run, outstanding: 0, upgraded: 1 })
    line.socket.end()
    await until(() => line.ended)
    expect(line.heard).toMatch(/bye$/)
    await until(() => rig.door.snapshot().runs[0]?.upgraded === 0)
  })

  test('gives each run no more requests than it has slots, and the rest in their order', async () => {
    const rig = await open()
    let most = 0
    let now = 0
    const order: string[] = []
    const { worker } = await rig.boot((request) => {
      most = Math.max(most, ++now)
      order.push(request.target)
      setTimeout(() => {
        now--
        request.reply('ok')
      }, 5)
    }, 2)
    const answers: Promise<unknown>[] = []
    for (let count = 0; count < 20; count++) {
      answers.push(rig.ask(`/${count}`))
      await until(() => rig.door.snapshot().requests.total === count + 1)
    }
    await Promise.all(answers)
    expect(most).toBe(2)
    expect(order).toEqual(worker.requests.map((_, index) => `/${index}`))
  })

  test('prefers the run with the least to do', async () => {
    const rig = await open()
    const waiting: FakeRequest[] = []
    await rig.boot((request) => waiting.push(request))
    const stuck = rig.ask('/stuck')
    await until(() => waiting.length === 1)
    const { worker } = await rig.boot(echo)
    for (let count = 0; count < 5; count++) await rig.ask(`/${count}`)
    expect(worker.requests).toHaveLength(5)
    waiting[0]!.reply('')
    await stuck
  })

  test('does not prefer a run that fails at once', async () => {
    const rig = await open({ failuresToEject: 3, ejectBaseMs: 60_000, ejectCapMs: 60_000 })
    const bad = await rig.boot((request) => request.reply('no', 500))
    const good = await rig.boot(echo)
    for (let count = 0; count < 30; count++) await rig.ask('/')
    expect(bad.worker.requests).toHaveLength(3)
    expect(good.worker.requests).toHaveLength(27)
    expect(rig.door.snapshot().runs[0]).toMatchObject({ state: 'ejected' })
  })
})

describe('limits', () => {
  test('a full queue refuses at once, a late turn at its deadline, both with Retry-After', async () => {
    const rig = await open({ queueLimit: 1, queueTimeoutMs: 150 })
    const first = rig.ask('/1')
    await until(() => rig.door.snapshot().requests.waiting === 1)
    expect(await rig.ask('/2')).toMatchObject({ status: 503, headers: { 'retry-after': '1' } })
    expect(await first).toMatchObject({ status: 503, headers: { 'retry-after': '1' } })
    expect(rig.facts.filter((fact) => fact.tag === 'QueueFull')).toHaveLength(1)
    expect(rig.door.snapshot().requests).toMatchObject({ queueFull: 1, queueExpired: 1, waiting: 0 })
  })

  test('a request that hangs is told, its client gets 504, and it keeps its slot until it is answered', async () => {
    const rig = await open({ requestTimeoutMs: 100 })
    const hung: FakeRequest[] = []
    const { run } = await rig.boot((request) => hung.push(request), 1)
    expect(await rig.ask('/hang?secret=1')).toMatchObject({ status: 504 })
    const overdue = rig.facts.filter((fact) => fact.tag === 'RequestOverdue')
    expect(overdue).toMatchObject([{ run, method: 'GET', path: '/hang' }])
    expect(rig.door.heldBy(run)).toBe(1)
    hung[0]!.reply('late')
    await until(() => rig.door.heldBy(run) === 0)
  })

  test('a slow head gets 408, a silent client is closed', async () => {
    const rig = await open({ headTimeoutMs: 100, idleTimeoutMs: 100 })
    await rig.boot(echo)
    const slow = rig.dial().say('GET / HT')
    const silent = rig.dial()
    const idle = rig.dial().say(get('/'))
    await until(() => slow.ended && (silent.ended || silent.closed) && (idle.ended || idle.closed))
    expect(slow.heard).toMatch(/^HTTP\/1.1 408 /)
    expect(silent.heard).toBe('')
  })

  test('a slow body gets 408 and takes no slot', async () => {
    const rig = await open({ bodyTimeoutMs: 100 })
    const { worker } = await rig.boot(echo)
    const line = rig.dial().say('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc')
    await line.hears('HTTP/1.1 408 ')
    await until(() => line.ended)
    expect(worker.connections).toBe(0)
  })

  test('a client that takes nothing of its answer is cut, one that is slow is not', async () => {
    const rig = await open({ bodyTimeoutMs: 400 })
    await rig.boot(({ socket }) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 30000000\r\n\r\n')
      for (let piece = 0; piece < 30; piece++) socket.write(Buffer.alloc(1_000_000))
    })
    const [stalled, slow] = [rig.dial(), rig.dial()]
    stalled.socket.pause()
    stalled.say(get('/'))
    slow.say(get('/'))
    const breathe = setInterval(() => {
      slow.socket.pause()
      setTimeout(() => slow.socket.resume(), 30)
    }, 60)
    await until(() => rig.door.snapshot().requests.cut === 1)
    await until(() => slow.heard.length > 30_000_000)
    clearInterval(breathe)
    stalled.socket.resume()
    await until(() => stalled.closed)
    expect(stalled.heard.length).toBeLessThan(30_000_000)
  })

  test('a body beyond the bound gets 413, with or without a length, as JSON for those who ask for it', async () => {
    const rig = await open({ maxBodyBytes: 10 })
    await rig.boot(echo)
    const json = await rig.ask('/', { method: 'POST', body: 'x'.repeat(11), headers: { Accept: 'application/json' } })
    expect(json).toMatchObject({ status: 413, headers: { 'content-type': 'application/json' } })
    expect(JSON.parse('body' in json ? json.body : '')).toMatchObject({ error: 'BODY_TOO_LARGE', why: '11 bytes' })
    const line = rig.dial().say('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nb\r\nabcdefghijk\r\n0\r\n\r\n')
    await line.hears('HTTP/1.1 413 ')
  })

  test('more clients than allowed are closed and counted', async () => {
    const rig = await open({ maxConnections: 1 })
    await rig.boot(echo)
    const first = rig.dial().say(get('/'))
    await first.hears('GET / ')
    const second = rig.dial()
    await until(() => second.closed || second.ended)
    expect(rig.door.snapshot().connections).toMatchObject({ open: 1, dropped: 1 })
  })

  test('a refused request is told, and ends the connection', async () => {
    const rig = await open()
    const { worker } = await rig.boot(echo)
    const line = rig.dial().say('GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n')
    await until(() => line.ended)
    expect(line.heard).toMatch(/^HTTP\/1.1 400 Bad Request\r\n/)
    expect(line.heard.match(/HTTP\/1.1/g)).toHaveLength(1)
    expect(worker.connections).toBe(0)
    expect(rig.facts).toContainEqual({ tag: 'RequestRefused', why: 'two Host headers', status: 400 })
  })

  test('a malformed chunk is refused before the worker hears of it', async () => {
    const rig = await open()
    const { worker } = await rig.boot(echo)
    const line = rig.dial().say('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;ext\r\nabc\r\n0\r\n\r\n')
    await line.hears('HTTP/1.1 400 ')
    expect(worker.connections).toBe(0)
  })
})
