import { afterEach, describe, expect, test } from 'vitest'
import { echo, get, mute, open, openHolding, closeRigs } from './testing/open-rig.ts'
import { until } from './testing/rig.ts'

afterEach(closeRigs)

describe('when a worker dies', () => {
  test('a request that was alone is the cause, and is not repeated', async () => {
    const rig = await open()
    const { got, hear } = mute()
    const { run } = await rig.boot(hear)
    const other = await rig.boot(hear)
    const answer = rig.ask('/segv?id=7')
    await until(() => got.length === 1)
    rig.kill(run)
    expect(await answer).toMatchObject({
      status: 502,
      headers: { 'x-bezel-incident': 'incident-1' },
      body: expect.stringContaining('incident-1'),
    })
    const settled = rig.settled(run)
    expect(settled?.requests).toMatchObject([{ method: 'GET', path: '/segv', settlement: 'failed' }])
    expect(settled?.cause).toBe(settled?.requests[0]?.id)
    const next = await rig.boot(echo)
    await rig.ask('/')
    expect([...other.worker.requests, ...next.worker.requests].filter(({ target }) => target.startsWith('/segv'))).toHaveLength(0)
  })

  test('a request that was alone when SIGKILL came from outside is asked again once, and is the cause of a second such end', async () => {
    const rig = await open()
    const { got, hear } = mute()
    const { run } = await rig.boot(hear)
    const answer = rig.ask('/leak')
    await until(() => got.length === 1)
    rig.kill(run, { killed: true })
    await until(() => rig.settled(run) !== undefined)
    expect(rig.settled(run)).toMatchObject({ cause: null, requests: [{ path: '/leak', settlement: 'suspect' }] })
    const second = await rig.boot(hear)
    await until(() => got.length === 2)
    rig.kill(second.run, { killed: true })
    expect(await answer).toMatchObject({ status: 502, headers: { 'x-bezel-incident': 'incident-2' } })
    const settled = rig.settled(second.run)
    expect(settled?.cause).toBe(settled?.requests[0]?.id)
  })

  test('requests are settled after the fence, and those that were not sent go elsewhere at once', async () => {
    const { rig, run, answers: sent } = await openHolding(['/a', '/b'])
    const fence = Promise.withResolvers<void>()
    rig.kill(run, { fenced: fence.promise })
    await rig.boot(echo)
    expect(await rig.ask('/new')).toMatchObject({ status: 200 })
    expect(rig.settled(run)).toBeUndefined()
    fence.resolve()
    await until(() => rig.settled(run) !== undefined)
    await rig.boot(echo)
    for (const answer of await Promise.all(sent)) expect(answer).toMatchObject({ status: 200 })
  })

  test.each([
    ['POST', {}, 'x', 502],
    ['POST', { 'Idempotency-Key': 'k' }, 'x', 200],
    ['PUT', {}, 'x', 502],
    ['GET', {}, '', 200],
    ['GET', { 'Content-Length': '1' }, 'x', 200],
    ['OPTIONS', {}, '', 200],
  ])('%s with %j is repeated only when that is safe', async (method, headers, body, status) => {
    const rig = await open()
    const { got, hear } = mute()
    const { run } = await rig.boot(hear)
    const answers = [rig.ask('/a', { method, headers, body }), rig.ask('/b')]
    await until(() => got.length === 2)
    await rig.killAndSettle(run)
    await rig.boot(echo)
    const [asked, beside] = await Promise.all(answers)
    expect(asked).toMatchObject({ status })
    if (status === 200) expect(asked).toMatchObject({ body: `${method} /a ${body}` })
    expect(beside).toMatchObject({ status: 200 })
  })

  test('methods that the settings name are repeated too', async () => {
    const rig = await open({ repeatMethods: ['GET', 'PUT'] })
    const { got, hear } = mute()
    const { run } = await rig.boot(hear)
    const answers = [rig.ask('/a', { method: 'PUT', body: 'x' }), rig.ask('/b')]
    await until(() => got.length === 2)
    await rig.killAndSettle(run)
    await rig.boot(echo)
    expect(await answers[0]).toMatchObject({ status: 200, body: 'PUT /a x' })
    await answers[1]
  })

  test('a body that is no longer at hand is not repeated', async () => {
    const rig = await open({ holdBodyBytes: 10 })
    const { got, hear } = mute()
    const { run } = await rig.boot(hear)
    const long = rig.dial().say(`GET /long HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n${'x'.repeat(50_000)}`)
    await until(() => rig.door.heldBy(run) === 1)
    await until(() => rig.door.snapshot().heldBodyBytes === 0)
    long.say('x'.repeat(50_000))
    const beside = rig.ask('/b')
    await until(() => got.length === 2)
    rig.kill(run)
    await long.hears('HTTP/1.1 502 ')
    await until(() => rig.settled(run) !== undefined)
    await rig.boot(echo)
    expect(await beside).toMatchObject({ status: 200 })
  })

  test.each(['Content-Length: 100', 'Transfer-Encoding: chunked', 'Connection: close'])(
    'an answer that had begun is cut with a reset (%s)',
    async (framing) => {
      const rig = await open()
      const { run } = await rig.boot(({ socket }) => socket.write(`HTTP/1.1 200 OK\r\n${framing}\r\n\r\n3\r\nabc\r\n`))
      const line = rig.dial().say(get('/'))
      await line.hears('abc')
      rig.kill(run)
      await until(() => line.closed)
      expect(line.error).toBe('ECONNRESET')
      expect(line.ended).toBe(false)
      expect(rig.settled(run)).toMatchObject({ requests: [{ settlement: 'cut' }] })
    },
  )

  test('an answer that lay whole in the socket when its run died is an answer', async () => {
    const rig = await open()
    const { run, worker } = await rig.boot((request) => {
      request.reply('done')
      rig.kill(1)
    })
    expect(worker.dead).toBe(false)
    expect(await rig.ask('/')).toMatchObject({ status: 200, body: 'done' })
    await until(() => rig.settled(run) !== undefined)
    expect(rig.settled(run)).toMatchObject({ requests: [], cause: null })
  })

  test('a client that has left leaves its request on the list, and may be the cause', async () => {
    const rig = await open()
    const { got, hear } = mute()
    const { run } = await rig.boot(hear)
    const line = rig.dial().say(get('/gone'))
    await until(() => got.length === 1)
    line.socket.resetAndDestroy()
    await until(() => rig.door.snapshot().connections.open === 0)
    expect(rig.door.heldBy(run)).toBe(1)
    await rig.killAndSettle(run)
    expect(rig.settled(run)).toMatchObject({ requests: [{ path: '/gone', settlement: 'client-gone' }] })
    expect(rig.settled(run)?.cause).toBe(rig.settled(run)?.requests[0]?.id)
  })

  test('nobody is alone beside an upgrade, which is cut', async () => {
    const rig = await open()
    const { got, hear } = mute()
    const { run } = await rig.boot((request) => {
      if (request.target === '/ws') request.socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n')
      else hear(request)
    })
    const ws = rig.dial().say(get('/ws', 'Connection: Upgrade\r\nUpgrade: websocket\r\n'))
    await ws.hears('101')
    const answer = rig.ask('/a')
    await until(() => got.length === 1)
    rig.kill(run)
    await until(() => ws.closed)
    expect(ws.error).toBe('ECONNRESET')
    expect(rig.settled(run)).toMatchObject({
      cause: null,
      requests: [
        { path: '/a', settlement: 'suspect' },
        { path: '/ws', settlement: 'cut' },
      ],
    })
    await rig.boot(echo)
    expect(await answer).toMatchObject({ status: 200 })
  })

  test.each([4, 1])('nobody is alone in an adopted run until the deadline of what it may hold has passed (%i slots)', async (slots) => {
    const rig = await open({ requestTimeoutMs: 400 })
    const { got, hear } = mute()
    const { run, worker } = await rig.boot(hear)
    const adopting = await open({ requestTimeoutMs: 400 })
    adopting.door.adopt([{ worker: 1, run, processGroup: 0, serving: worker.run(run, slots) }])
    expect(adopting.door.snapshot().runs[0]).toMatchObject({ unknown: slots === 4 ? 2 : 0 })
    const answer = adopting.ask('/a')
    await until(() => got.length === 1)
    adopting.kill(run)
    await until(() => adopting.settled(run) !== undefined)
    expect(adopting.settled(run)).toMatchObject({ cause: null, requests: [{ settlement: 'suspect' }] })
    expect(await answer).toMatchObject({ status: 503 })
    adopting.door.adopt([{ worker: 2, run: 9, processGroup: 0, serving: worker.run(9, 4) }])
    await until(() => adopting.door.snapshot().runs[0]?.unknown === 0)
  })

  test('a run that is not known, or exits twice, is settled once with nothing', async () => {
    const rig = await open()
    rig.door.runStarting({ worker: 1, run: 77 })
    expect(rig.door.snapshot().starting).toEqual([1])
    rig.kill(77)
    const { run } = await rig.boot(echo)
    rig.kill(run)
    await rig.killAndSettle(run)
    expect(rig.facts.filter((fact) => fact.tag === 'RunSettled')).toEqual([
      { tag: 'RunSettled', run: 77, requests: [], cause: null },
      { tag: 'RunSettled', run, requests: [], cause: null },
    ])
  })
})
