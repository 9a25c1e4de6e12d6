import { afterEach, describe, expect, test } from 'vitest'
import type { FakeRequest } from './testing/fake-worker.ts'
import { echo, mute, open, openHolding, closeRigs } from './testing/open-rig.ts'
import { until } from './testing/rig.ts'

afterEach(closeRigs)

describe('suspects', () => {
  test('a draining run that dies leaves its requests to the one that replaced it before', async () => {
    const { rig, run, answers } = await openHolding(['/a', '/b'])
    const next = await rig.boot(echo)
    void rig.door.drainRun(run)
    rig.kill(run)
    for (const answer of await Promise.all(answers)) expect(answer).toMatchObject({ status: 200 })
    expect(next.worker.requests.map(({ target }) => target)).toEqual(['/a', '/b'])
  })

  test('those that were not alone wait for a new run, go there one by one, and are answered', async () => {
    const { rig, run, answers } = await openHolding(['/a', '/b', '/c'])
    await rig.killAndSettle(run)
    expect(rig.settled(run)).toMatchObject({
      cause: null,
      requests: [{ settlement: 'suspect' }, { settlement: 'suspect' }, { settlement: 'suspect' }],
    })
    let now = 0
    let most = 0
    const ordinary = rig.ask('/ordinary')
    await until(() => rig.door.snapshot().requests.waiting === 1)
    const next = await rig.boot((request) => {
      most = Math.max(most, ++now)
      setTimeout(() => {
        now--
        echo(request)
      }, 10)
    })
    for (const answer of await Promise.all([...answers, ordinary])) expect(answer).toMatchObject({ status: 200 })
    expect(most).toBe(1)
    expect(next.worker.requests.at(-1)?.target).toBe('/ordinary')
  })

  test('a suspect never goes to a run that serves already', async () => {
    const { rig, run, answers: suspects } = await openHolding(['/a', '/b'])
    const old = await rig.boot(echo)
    await rig.killAndSettle(run)
    for (let count = 0; count < 5; count++) expect(await rig.ask('/ordinary')).toMatchObject({ status: 200 })
    expect(old.worker.requests.every(({ target }) => target === '/ordinary')).toBe(true)
    await rig.boot(echo)
    for (const answer of await Promise.all(suspects)) expect(answer).toMatchObject({ status: 200 })
  })

  test('a suspect whose new run can not be reached waits for the next', async () => {
    const { rig, run, answers: suspects } = await openHolding(['/a', '/b'])
    const old = await rig.boot(echo)
    await rig.killAndSettle(run)
    rig.door.runReady({ ...old.worker.run(50), address: { tag: 'Unix', path: '/nowhere/s' } })
    await until(() => rig.facts.some((fact) => fact.tag === 'RunUnreachable'))
    await rig.killAndSettle(50)
    expect(rig.settled(50)).toMatchObject({ requests: [], cause: null })
    await rig.boot(echo)
    for (const answer of await Promise.all(suspects)) expect(answer).toMatchObject({ status: 200 })
    expect(old.worker.requests).toEqual([])
  })

  test('a poison request costs two runs, the second of which held nothing else', async () => {
    const rig = await open()
    const poison = (request: FakeRequest) => (request.target === '/poison' ? undefined : echo(request))
    const { got, hear } = mute()
    const first = await rig.boot(hear)
    const innocents = ['/a', '/b', '/c'].map((path) => rig.ask(path))
    const guilty = rig.ask('/poison')
    await until(() => got.length === 4)
    await rig.killAndSettle(first.run)
    const second = await rig.boot(poison)
    await until(() => second.worker.requests.some(({ target }) => target === '/poison'))
    const ordinary = ['/d', '/e'].map((path) => rig.ask(path))
    await until(() => rig.door.snapshot().requests.waiting === 2)
    await rig.killAndSettle(second.run)
    expect(rig.settled(second.run)).toMatchObject({ requests: [{ path: '/poison', settlement: 'failed' }] })
    expect(rig.settled(second.run)?.cause).not.toBe(null)
    expect(await guilty).toMatchObject({ status: 502, headers: { 'x-bezel-incident': 'incident-2' } })
    const third = await rig.boot(poison)
    for (const answer of await Promise.all([...innocents, ...ordinary])) expect(answer).toMatchObject({ status: 200 })
    expect(third.worker.requests.some(({ target }) => target === '/poison')).toBe(false)
  })

  test('a slow suspect lets others in after a while, and a second death of any kind fails it', async () => {
    const rig = await open({ suspectAloneMs: 60 })
    const { got, hear } = mute()
    const first = await rig.boot(hear)
    const slow = [rig.ask('/slow'), rig.ask('/also')]
    await until(() => got.length === 2)
    await rig.killAndSettle(first.run)
    const again = mute()
    const second = await rig.boot(again.hear)
    const beside = rig.ask('/beside')
    await until(() => again.got.length === 2)
    expect(again.got.map(({ target }) => target)).toEqual(['/slow', '/beside'])
    rig.kill(second.run)
    expect(await slow[0]).toMatchObject({ status: 502 })
    await until(() => rig.settled(second.run) !== undefined)
    expect(rig.settled(second.run)).toMatchObject({ cause: null })
    await rig.boot(echo)
    for (const answer of await Promise.all([slow[1], beside])) expect(answer).toMatchObject({ status: 200 })
  })

  test('a suspect whose answer streams makes room at its head', async () => {
    const { rig, run, answers } = await openHolding(['/stream', '/b'], { suspectAloneMs: 60_000 })
    await rig.killAndSettle(run)
    let finish: (() => void) | null = null
    await rig.boot((request) => {
      if (request.target !== '/stream') return echo(request)
      request.socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n')
      finish = () => void request.socket.write('0\r\n\r\n')
    })
    await until(() => finish !== null)
    // The list waits until the run is empty again; it is not the streaming one that is waited for longer than a moment.
    await until(() => rig.door.snapshot().runs[0]?.state === 'trying-suspect')
    finish!()
    for (const answer of await Promise.all(answers)) expect(answer).toMatchObject({ status: 200 })
  })

  test('a suspect gets 503, Retry-After and the incident at its deadline', async () => {
    const { rig, run, answers } = await openHolding(['/a', '/b'], { requestTimeoutMs: 300 })
    rig.kill(run)
    for (const answer of await Promise.all(answers))
      expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '1', 'x-bezel-incident': 'incident-1' } })
    expect(rig.door.snapshot().requests.suspected).toBe(0)
  })

  test('a run that was ready before the fence ended makes room for the suspects', async () => {
    const { rig, run, answers: sent } = await openHolding(['/a', '/b'])
    const fence = Promise.withResolvers<void>()
    rig.kill(run, { fenced: fence.promise })
    const busy = mute()
    const next = await rig.boot((request) => (request.target === '/busy' ? busy.hear(request) : echo(request)))
    const ordinary = rig.ask('/busy')
    await until(() => busy.got.length === 1)
    fence.resolve()
    await until(() => rig.settled(run) !== undefined)
    expect(next.worker.requests).toHaveLength(1)
    busy.got[0]!.reply('done')
    for (const answer of await Promise.all([...sent, ordinary])) expect(answer).toMatchObject({ status: 200 })
  })

  test('while draining, suspects get 503 and the incident', async () => {
    const { rig, run, answers } = await openHolding(['/a', '/b'])
    const drained = rig.door.drain(10_000)
    rig.kill(run)
    for (const answer of await Promise.all(answers)) expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '1' } })
    expect(await drained).toBe(0)
  })
})
