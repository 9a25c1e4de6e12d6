import { afterEach, describe, expect, test } from 'vitest'
import { echo, get, mute, open, closeRigs } from './testing/open-rig.ts'
import { until } from './testing/rig.ts'

afterEach(closeRigs)

describe('draining', () => {
  test('a run that drains gets nothing new and is done when its last request is answered, streams apart', async () => {
    const rig = await open()
    const { got, hear } = mute()
    const { run, worker } = await rig.boot((request) => {
      if (request.target === '/events') request.socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n')
      else hear(request)
    })
    const stream = rig.dial().say(get('/events'))
    await stream.hears('data: 1')
    const answer = rig.ask('/a')
    await until(() => got.length === 1)
    let drained = false
    const draining = rig.door.drainRun(run).then(() => (drained = true))
    await rig.boot(echo)
    await rig.ask('/b')
    expect(worker.requests).toHaveLength(2)
    expect(drained).toBe(false)
    got[0]!.reply('a')
    await draining
    expect(await answer).toMatchObject({ body: 'a' })
    await rig.door.drainRun(999)
  })

  test('a run whose only request is overdue is drained: its client has had its 504', async () => {
    const rig = await open({ requestTimeoutMs: 100 })
    const { hear } = mute()
    const { run } = await rig.boot(hear)
    expect(await rig.ask('/hang')).toMatchObject({ status: 504 })
    await rig.door.drainRun(run)
    expect(rig.door.heldBy(run)).toBe(1)
  })

  test('a client that has only just connected is answered although the door is draining', async () => {
    const rig = await open()
    await rig.boot(echo)
    const fresh = rig.dial()
    await until(() => rig.door.snapshot().connections.open === 1)
    const draining = rig.door.drain(5_000)
    fresh.say(get('/first'))
    await until(() => fresh.ended)
    expect(fresh.heard).toMatch(/^HTTP\/1.1 200 /)
    expect(await draining).toBe(0)
  })

  test('a paused run gets nothing until it is resumed', async () => {
    const rig = await open()
    const { run } = await rig.boot(echo)
    rig.door.pauseRun(run)
    const answer = rig.ask('/')
    await until(() => rig.door.snapshot().requests.waiting === 1)
    rig.door.resumeRun(run)
    expect(await answer).toMatchObject({ status: 200 })
  })

  test('a drain finishes requests, says close, closes idle clients, and counts what it cut', async () => {
    const rig = await open()
    const { got, hear } = mute()
    await rig.boot(hear)
    const idle = rig.dial().say(get('/0'))
    await until(() => got.length === 1)
    got[0]!.reply('zero')
    await idle.hears('zero')
    const [done, stuck] = [rig.dial().say(get('/1')), rig.dial().say(get('/2'))]
    await until(() => got.length === 3)
    await rig.door.stopAccepting()
    const draining = rig.door.drain(400)
    await until(() => idle.ended)
    got.find(({ target }) => target === '/1')!.reply('one')
    await until(() => done.ended)
    expect(done.heard).toMatch(/Connection: close\r\n\r\none$/)
    expect(await draining).toBe(1)
    await until(() => stuck.ended)
    expect(stuck.heard).toMatch(/^HTTP\/1.1 503 /)
  })

  test('a stop leaves no connection, and says how many requests it cut', async () => {
    const rig = await open()
    const { got, hear } = mute()
    await rig.boot(hear)
    const line = rig.dial().say(get('/'))
    await until(() => got.length === 1)
    expect(await rig.door.stop(performance.now() + 5_000)).toEqual({ requests: 1, transactions: 0, processes: 0 })
    await until(() => line.closed || line.ended)
    expect(rig.door.snapshot()).toMatchObject({ accepting: false, connections: { open: 0 } })
  })
})
