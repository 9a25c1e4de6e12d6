import { afterEach, describe, expect, test } from 'vitest'
import type { FakeRequest } from './testing/fake-worker.ts'
import { echo, get, mute, open, closeRigs } from './testing/open-rig.ts'
import { until } from './testing/rig.ts'

afterEach(closeRigs)

describe('when a connection closes and its run lives', () => {
  test('a safe request on a kept-alive connection is sent once more, on a new one', async () => {
    const rig = await open()
    let count = 0
    const { worker } = await rig.boot((request) => (++count === 2 ? void request.socket.destroy() : echo(request)))
    await rig.ask('/1')
    expect(await rig.ask('/2')).toMatchObject({ status: 200 })
    expect(worker.connections).toBe(2)
  })

  test('any other gets 502, once', async () => {
    const rig = await open()
    let count = 0
    const { worker } = await rig.boot((request) => (++count % 2 === 0 ? void request.socket.destroy() : echo(request)))
    await rig.ask('/1')
    expect(await rig.ask('/2', { method: 'POST' })).toMatchObject({ status: 502 })
    expect(await rig.ask('/3')).toMatchObject({ status: 200 })
    expect(worker.requests).toHaveLength(3)
  })

  test('one that met a closed door was never received: it is sent on a new connection, whatever it is', async () => {
    const rig = await open()
    const { worker } = await rig.boot((request) => {
      echo(request)
      request.socket.destroy()
    }, 1)
    // Each but the first is sent the moment that the answer before it is read, which is before the connection's end is.
    const answers = await Promise.all(['/1', '/2', '/3'].map((path) => rig.ask(path, { method: 'POST', body: 'b' })))
    expect(answers).toMatchObject([{ body: 'POST /1 b' }, { body: 'POST /2 b' }, { body: 'POST /3 b' }])
    expect(worker.requests).toHaveLength(3)
  })

  test('one that met a closed door of a run that has died goes elsewhere, whatever it is', async () => {
    const rig = await open()
    const { run, worker } = await rig.boot((request) => {
      echo(request)
      worker.die()
    }, 1)
    const answers = Promise.all(['/1', '/2'].map((path) => rig.ask(path, { method: 'POST' })))
    await until(() => worker.dead && rig.door.snapshot().runs[0]?.idleConnections === 0 && rig.door.snapshot().requests.waiting === 0)
    rig.kill(run)
    const next = await rig.boot(echo)
    expect(await answers).toMatchObject([{ status: 200 }, { status: 200 }])
    expect(next.worker.requests).toHaveLength(1)
  })

  test('a worker that never answers is not asked again for the same request', async () => {
    const rig = await open()
    const { worker } = await rig.boot((request) => void request.socket.destroy())
    expect(await rig.ask('/')).toMatchObject({ status: 502 })
    expect(worker.requests).toHaveLength(1)
  })

  test('an answer that can be read in two ways becomes 502', async () => {
    const rig = await open()
    await rig.boot(({ socket }) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'))
    expect(await rig.ask('/')).toMatchObject({ status: 502, body: expect.stringContaining('Content-Length') })
  })

  test('octets behind an answer never become the next answer', async () => {
    const rig = await open()
    const { worker } = await rig.boot(({ socket, target }) =>
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n${target}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`),
    )
    expect(await rig.ask('/1')).toMatchObject({ body: '/1' })
    expect(await rig.ask('/2')).toMatchObject({ body: '/2' })
    expect(worker.connections).toBe(2)
  })

  test('octets behind an answer never become the answer of the one that waits', async () => {
    const rig = await open()
    await rig.boot(({ socket, target }) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n${target}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`)
    }, 1)
    const answers = await Promise.all(['/1', '/2', '/3'].map((path) => rig.ask(path)))
    expect(answers).toMatchObject([{ body: '/1' }, { body: '/2' }, { body: '/3' }])
  })

  test('a connection that says something unasked is not used again', async () => {
    const rig = await open()
    const { worker } = await rig.boot((request) => {
      request.reply('ok')
      setTimeout(() => request.socket.write('HTTP/1.1 408 Late\r\n\r\n'), 5)
    })
    await rig.ask('/1')
    await until(() => rig.door.snapshot().runs[0]?.idleConnections === 0)
    expect(await rig.ask('/2')).toMatchObject({ status: 200 })
    expect(worker.connections).toBe(2)
  })

  test('no request is sent once more twice', async () => {
    const rig = await open()
    const slow = mute()
    let first: FakeRequest | null = null
    const { run, worker } = await rig.boot((request) => {
      if (request.target === '/bad' && first !== null) request.socket.destroy()
      else if (request.target === '/bad') first = request
      else if (request.target === '/slow') slow.hear(request)
      else echo(request)
    })
    await rig.ask('/1')
    const bad = rig.ask('/bad')
    await until(() => first !== null)
    const beside = rig.ask('/slow')
    await until(() => slow.got.length === 1)
    rig.door.pauseRun(run)
    worker.requests.find(({ target }) => target === '/bad')?.socket.destroy()
    await until(() => rig.door.snapshot().requests.waiting === 1)
    // Now there is a kept-alive connection again, which dies the same way.
    slow.got[0]!.reply('')
    await beside
    rig.door.resumeRun(run)
    expect(await bad).toMatchObject({ status: 502 })
    expect(worker.requests.filter(({ target }) => target === '/bad')).toHaveLength(2)
  })

  test('a client that leaves its event stream or upgrade frees the worker of it', async () => {
    const rig = await open()
    const { run, worker } = await rig.boot(({ socket, target }) => {
      if (target === '/ws') socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n')
      else socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n')
    })
    const lines = [rig.dial().say(get('/events')), rig.dial().say(get('/ws', 'Connection: Upgrade\r\nUpgrade: websocket\r\n'))]
    await Promise.all([lines[0]!.hears('data: 1'), lines[1]!.hears('101')])
    expect(rig.door.heldBy(run)).toBe(2)
    for (const { socket } of lines) socket.resetAndDestroy()
    await until(() => rig.door.heldBy(run) === 0)
    await until(() => worker.requests.every(({ socket }) => socket.destroyed))
  })

  test('a client that leaves an answer without an end frees the worker of it, and the worker is told', async () => {
    const rig = await open({ requestTimeoutMs: 60_000 })
    const { run, worker } = await rig.boot(({ socket }) => socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n'))
    const line = rig.dial().say(get('/export'))
    await line.hears('hi')
    line.socket.resetAndDestroy()
    await until(() => rig.door.heldBy(run) === 0)
    await until(() => worker.requests.every(({ socket }) => socket.destroyed))
  })

  test('an answer that begins when its client is gone, and goes on past the deadline, is no hang', async () => {
    const rig = await open({ requestTimeoutMs: 500 })
    const { got, hear } = mute()
    const { run } = await rig.boot(hear)
    const line = rig.dial().say(get('/export'))
    await until(() => got.length === 1)
    line.socket.resetAndDestroy()
    await until(() => rig.door.snapshot().connections.open === 0)
    got[0]!.socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n')
    await until(() => rig.door.heldBy(run) === 0)
    expect(rig.facts.filter(({ tag }) => tag === 'RequestOverdue')).toEqual([])
  })

  test('a client that leaves in the middle of a streamed body frees the worker of it', async () => {
    const rig = await open({ holdBodyBytes: 10 })
    const { run } = await rig.boot(echo)
    const line = rig.dial().say(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999\r\n\r\n${'x'.repeat(5_000)}`)
    await until(() => rig.door.heldBy(run) === 1 && rig.door.snapshot().heldBodyBytes === 0)
    line.socket.resetAndDestroy()
    await until(() => rig.door.heldBy(run) === 0)
  })

  test('a kept-alive connection is used for half of its server timeout only', async () => {
    const rig = await open()
    const { worker } = await rig.boot(echo, 4, 100)
    await rig.ask('/1')
    await new Promise((resolve) => setTimeout(resolve, 80))
    await rig.ask('/2', { method: 'POST' })
    expect(worker.connections).toBe(2)
  })

  test('a run that nobody listens for is told, and its request goes elsewhere', async () => {
    const rig = await open()
    const { run, worker } = await rig.boot(echo)
    worker.die()
    const answer = rig.ask('/')
    await until(() => rig.facts.some((fact) => fact.tag === 'RunUnreachable'))
    expect(rig.facts).toContainEqual(expect.objectContaining({ tag: 'RunUnreachable', run }))
    await rig.boot(echo)
    expect(await answer).toMatchObject({ status: 200 })
  })
})

describe('a run whose process is ending', () => {
  test('is waited for, however long the word of its end takes, and gets nothing more', async () => {
    const rig = await open()
    rig.isEnding = () => true
    let hung = false
    const { run, worker } = await rig.boot((request) => {
      request.socket.destroy()
      hung = true
    })
    const answer = rig.ask('/')
    await until(() => hung && rig.door.snapshot().runs[0]?.state === 'ending')
    const later = rig.ask('/later')
    await until(() => rig.door.snapshot().requests.waiting === 1)
    expect(rig.door.heldBy(run)).toBe(1)
    rig.kill(run)
    expect(await answer).toMatchObject({ status: 502, headers: { 'x-bezel-incident': 'incident-1' } })
    await rig.boot(echo)
    expect(await later).toMatchObject({ status: 200 })
    expect(worker.requests).toHaveLength(1)
  })
})
