import { describe, expect, test } from 'vitest'
import { echo, open } from './testing/open-rig.ts'
import { until } from './testing/rig.ts'

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

describe('when the keeper is slow to say', () => {
  test('the wait is bounded, and the run counts as alive', async () => {
    const rig = await open({ askTimeoutMs: 50 })
    rig.fate = () => new Promise(() => {})
    await rig.boot((request) => void request.socket.destroy())
    expect(await rig.ask('/')).toMatchObject({ status: 502 })
  })

  test('a run said to have exited is waited for', async () => {
    const rig = await open()
    rig.fate = () => Promise.resolve('exited')
    const { run } = await rig.boot((request) => void request.socket.destroy())
    const answer = rig.ask('/')
    await until(() => rig.door.snapshot().runs[0]?.idleConnections === 0 && rig.door.heldBy(run) === 1)
    rig.kill(run)
    expect(await answer).toMatchObject({ status: 502, headers: { 'x-bezel-incident': 'incident-1' } })
  })

  test('a word that fails counts as alive', async () => {
    const rig = await open()
    rig.fate = () => Promise.reject(new Error('no keeper'))
    await rig.boot((request) => void request.socket.destroy())
    expect(await rig.ask('/')).toMatchObject({ status: 502 })
  })
})
