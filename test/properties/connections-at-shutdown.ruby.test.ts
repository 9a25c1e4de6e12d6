import { get } from 'node:http'
import fc from 'fast-check'
import { expect } from 'vitest'
import type { FakeRequest } from '../../src/front-door/testing/fake-worker.ts'
import { Rig, until } from '../../src/front-door/testing/rig.ts'
import { modelProperty, realProperty } from './cases.ts'
import { outcomeOf, startSmallApp } from './small-app.ts'

const slots = 4

modelProperty(
  15,
  fc.record({
    workers: fc.integer({ min: 1, max: 3 }),
    /** Requests that wait for their answers when the door closes; those without a slot wait for a worker. */
    requests: fc.integer({ min: 1, max: 16 }),
    /** Clients that had an answer and kept their connection. */
    idle: fc.nat(3),
    newcomers: fc.integer({ min: 1, max: 3 }),
    /** Which of the held requests is answered next. */
    order: fc.infiniteStream(fc.nat(1_000)),
  }),
  async ({ workers, requests, idle, newcomers, order }) => {
    const rig = await Rig.open()
    try {
      const held: FakeRequest[] = []
      const hear = (request: FakeRequest) => (request.target === '/idle' ? request.reply('idle') : void held.push(request))
      for (let worker = 0; worker < workers; worker += 1) await rig.boot(hear, slots)
      const lines = Array.from({ length: idle }, () => rig.dial().say('GET /idle HTTP/1.1\r\nHost: a\r\n\r\n'))
      for (const line of lines) await line.hears('idle')
      const asked = Array.from({ length: requests }, (_, index) => rig.ask(`/${index}`))
      await until(() => held.length === Math.min(requests, workers * slots) && rig.door.snapshot().connections.open === requests + idle)

      await rig.door.stopAccepting()
      const drained = rig.door.drain(60_000)
      for (let count = 0; count < newcomers; count += 1)
        expect(await rig.ask('/late')).toEqual({ error: expect.stringContaining('ECONNREFUSED') })
      await until(() => lines.every(({ ended }) => ended))

      for (let answered = 0; answered < requests; answered += 1) {
        await until(() => held.length > 0)
        const [request] = held.splice((order.next().value ?? 0) % held.length, 1)
        request?.reply(request.target)
      }
      const bodies = (await Promise.all(asked)).map((outcome) =>
        'status' in outcome ? `${outcome.status} ${outcome.body}` : outcome.error,
      )
      expect(bodies).toEqual(asked.map((_, index) => `200 /${index}`))
      expect(await drained).toBe(0)
    } finally {
      await rig.close()
    }
  },
)

/** Resolves once the system has taken the connection; `answered` with the status, or the error's code. */
function connectAndAsk(url: string): Promise<{ readonly answered: Promise<number | string> }> {
  return new Promise((connected) => {
    const answered = new Promise<number | string>((resolve) => {
      const request = get(url, { agent: false }, (response) => response.resume().on('end', () => resolve(response.statusCode ?? 0)))
      request.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
      request.on('socket', (socket) => socket.on('connect', () => connected({ answered })))
    })
  })
}

realProperty(
  15,
  fc.record({
    signal: fc.constantFrom('SIGTERM' as const, 'SIGINT' as const),
    workers: fc.integer({ min: 1, max: 2 }),
    slowMs: fc.array(fc.integer({ min: 1_500, max: 2_000 }), { minLength: 1, maxLength: 4 }),
  }),
  async ({ signal, workers, slowMs }) => {
    await using app = await startSmallApp({ workers })
    const open = await Promise.all(slowMs.map((ms) => connectAndAsk(`${app.origin}/slow?${ms}`)))
    let unanswered = open.length
    for (const { answered } of open) void answered.then(() => (unanswered -= 1))
    const exited = app.stop(signal)
    await app.fact('ShutdownPhase', ({ phase }) => phase === 'requests')
    // Whoever was in the backlog is let in; from the first that is refused on, everybody is.
    const late: (number | string)[] = []
    while (late.at(-1) !== 'ECONNREFUSED' && late.length < 1_000) late.push(await outcomeOf(`${app.origin}/`))
    expect(unanswered).toBeGreaterThan(0)
    late.push(await outcomeOf(`${app.origin}/`))
    expect(late.slice(-2)).toEqual(['ECONNREFUSED', 'ECONNREFUSED'])
    expect(await Promise.all(open.map(({ answered }) => answered))).toEqual(slowMs.map(() => 200))
    expect(await exited).toEqual({ code: 0, signal: null })
  },
  300_000,
  2,
)
