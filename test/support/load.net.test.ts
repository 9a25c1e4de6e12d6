import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { startLoad, type Outcome } from './load.ts'

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no TCP address')
  return `http://127.0.0.1:${address.port}`
}

/** A load that ends after `count` outcomes. */
async function loadOf(count: number, options: Parameters<typeof startLoad>[0]) {
  const outcomes: Outcome[] = []
  let enough = () => {}
  const reached = new Promise<void>((resolve) => (enough = resolve))
  const load = startLoad({
    ...options,
    done(outcome) {
      outcomes.push(outcome)
      if (outcomes.length === count) enough()
    },
  })
  await reached
  return { report: await load.stop(), outcomes }
}

test('every request has one outcome, and no client has two in flight', async () => {
  let inFlight = 0
  let most = 0
  const origin = await serve((_request, response) => {
    most = Math.max(most, ++inFlight)
    setTimeout(() => {
      inFlight -= 1
      response.end('hello')
    }, 5)
  })
  const { report, outcomes } = await loadOf(60, { origin, clients: 4 })
  expect(report).toMatchObject({ failed: 0, asked: outcomes.length, answered: outcomes.length, byStatus: { 200: outcomes.length } })
  expect(new Set(outcomes.map(({ index }) => index)).size).toBe(outcomes.length)
  expect(most).toBe(4)
})

test('connections are kept alive', async () => {
  const ports = new Set<number | undefined>()
  const origin = await serve((request, response) => {
    ports.add(request.socket.remotePort)
    response.end()
  })
  await loadOf(50, { origin, clients: 3 })
  expect(ports.size).toBe(3)
})

test('a bad status and a cut answer are failures, and are kept', async () => {
  let count = 0
  const origin = await serve((_request, response) => {
    count += 1
    if (count % 3 === 0) response.writeHead(502).end()
    else if (count % 3 === 1) response.writeHead(200, { 'content-length': '10' }).write('cut', () => response.destroy())
    else response.end()
  })
  const { report } = await loadOf(9, { origin, clients: 1 })
  expect(report).toMatchObject({ asked: 9, answered: 6, failed: 6, byStatus: { 200: 3, 502: 3, ECONNRESET: 3 } })
  expect(report.failures).toHaveLength(6)
})

test('a request without an answer fails at its timeout', async () => {
  const origin = await serve(() => {})
  const { report } = await loadOf(1, { origin, clients: 1, timeoutMs: 50 })
  expect(report).toMatchObject({ asked: 1, answered: 0, failed: 1 })
})

test('in an open loop the wait for a free client counts', async () => {
  const origin = await serve((_request, response) => setTimeout(() => response.end(), 20))
  // 1,000 a second through one client that needs at least 20 ms each: the tenth has waited for nine others.
  const { outcomes } = await loadOf(10, { origin, clients: 1, perSecond: 1000 })
  const last = outcomes[9]
  expect(last === undefined ? 0 : last.doneAtMs - last.askedAtMs).toBeGreaterThan(9 * 20 - 20)
})
