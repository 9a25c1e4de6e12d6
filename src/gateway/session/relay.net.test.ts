import { mkdtemp, rm } from 'node:fs/promises'
import net from 'node:net'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { query, sync, terminate } from '../../formats/pgwire/client-messages.ts'
import { errorResponse, noticeResponse } from '../../formats/pgwire/error-fields.ts'
import { MessageWalker } from '../../formats/pgwire/message-walker.ts'
import { commandComplete, dataRow, parameterStatus, readyForQuery, rowDescription } from '../../formats/pgwire/server-messages.ts'
import { clientRules } from '../../formats/pgwire/walk-rules.ts'
import { pooledRules, ServerConnection } from '../server/server-connection.ts'
import { SessionState } from '../session-state/session-state.ts'
import { Relay } from './relay.ts'

const idle = readyForQuery(0x49)
const answer = Buffer.concat([rowDescription(['n']), dataRow(['1']), commandComplete('SELECT 1'), idle])
const shutdown = errorResponse({ severity: 'FATAL', sqlstate: '57P01', message: 'terminating connection due to administrator command' })
const quick = noticeResponse({ severity: 'WARNING', sqlstate: '57P02', message: 'terminating connection because of crash' })
const notFound = errorResponse({ severity: 'ERROR', sqlstate: '42P01', message: 'relation "x" does not exist' })
const rules = clientRules(65_536)

let folder: string
let listener: net.Server
let accepted: net.Socket[]
let sockets: net.Socket[]

beforeEach(async () => {
  folder = await mkdtemp('/tmp/bz-relay-')
  accepted = []
  sockets = []
  listener = net.createServer((socket) => accepted.push(socket))
  await new Promise<void>((resolve) => listener.listen(join(folder, 's'), resolve))
})

afterEach(async () => {
  for (const socket of [...sockets, ...accepted]) socket.destroy()
  await new Promise((resolve) => listener.close(resolve))
  await rm(folder, { recursive: true })
})

async function until(isSo: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + 10_000
  while (!isSo()) {
    if (performance.now() > deadlineMs) throw new Error('not within 10 s')
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** Two ends of one connection; what comes to the far end is collected. */
async function createPair(): Promise<{ near: net.Socket; far: net.Socket; said(): Buffer }> {
  const before = accepted.length
  const near = net.connect(join(folder, 's'))
  sockets.push(near)
  await until(() => accepted.length > before)
  const far = accepted[before]
  if (far === undefined) throw new Error('not accepted')
  const chunks: Buffer[] = []
  far.on('data', (chunk: Buffer) => void chunks.push(chunk)).on('error', () => {})
  near.on('error', () => {})
  return { near, far, said: () => Buffer.concat(chunks) }
}

/** A relay between a client and a server that the test plays. `fromServer` hands it a chunk exactly as given. */
async function createScene() {
  const client = await createPair()
  const happened: string[] = []
  const relay = new Relay(client.near, new SessionState(new Map()), rules, 65_536, {
    spoke: () => void happened.push('spoke'),
    finished: () => void happened.push('finished'),
    violated: (text) => void happened.push(`violated: ${text}`),
    serverLost: (loss) => void happened.push(loss),
  })
  const connectServer = async () => {
    const server = await createPair()
    const link = {
      tag: 'Connected' as const,
      socket: server.near,
      unread: Buffer.alloc(0),
      pid: 1,
      secret: Buffer.alloc(4),
      status: 0x49,
      encrypted: false,
    }
    const connection = new ServerConnection({ ...link, parameters: new Map() }, pooledRules, () => {})
    const walker = new MessageWalker(pooledRules)
    relay.attach(connection)
    return {
      ...server,
      connection,
      fromServer: (chunk: Buffer) => {
        walker.feed(chunk)
        relay.onServerData(chunk, walker)
      },
    }
  }
  return { client, relay, happened, server: await connectServer(), connectServer }
}

/** Cuts at the given places, taken modulo what is left. */
function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = []
  let at = 0
  for (const size of sizes) {
    if (at >= bytes.length) break
    chunks.push(bytes.subarray(at, at + size))
    at += size
  }
  if (at < bytes.length) chunks.push(bytes.subarray(at))
  return chunks
}

describe('a relay', () => {
  test('passes on every byte in order, however it is cut', async () => {
    const message = fc.constantFrom(answer, notFound, idle, parameterStatus('TimeZone', 'UTC'), dataRow(['FATAL', 'x'.repeat(300), null]))
    const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 60, size: 'max' })
    await fc.assert(
      fc.asyncProperty(fc.array(message, { maxLength: 12, size: 'max' }), sizes, async (messages, cuts) => {
        const { client, server, happened } = await createScene()
        const all = Buffer.concat(messages)
        for (const chunk of cut(all, cuts)) server.fromServer(chunk)
        await until(() => client.said().length >= all.length)
        expect(client.said().equals(all)).toBe(true)
        expect(happened).toEqual([])
      }),
      { numRuns: 100 },
    )
  })

  test('passes on what a client says, except its Terminate, however it is cut', async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 40, size: 'max' })
    await fc.assert(
      fc.asyncProperty(sizes, async (cuts) => {
        const { relay, server, happened } = await createScene()
        const wanted = Buffer.concat([query('SELECT 1'), sync, query("SELECT 'X'")])
        for (const chunk of cut(Buffer.concat([wanted, terminate]), cuts)) if (!happened.includes('finished')) relay.onClientData(chunk)
        await until(() => server.said().length >= wanted.length)
        expect(happened).toEqual(['finished'])
        // A Terminate that is cut may have begun to be passed on: then the connection must not be used again.
        const boundary = relay.detach()
        expect(server.said().length > wanted.length).toBe(boundary?.inMessage)
        expect(server.said().subarray(0, wanted.length).equals(wanted)).toBe(true)
      }),
      { numRuns: 100 },
    )
  })

  test('holds a FATAL back, cut at whatever byte', async () => {
    for (let at = 0; at <= shutdown.length; at += 1) {
      const { client, relay, server, happened } = await createScene()
      relay.onClientData(query('SELECT 1'))
      const all = Buffer.concat([answer, shutdown])
      for (const chunk of cut(all, [answer.length + at])) if (happened.length === 0) server.fromServer(chunk)
      expect(happened).toEqual(['movable'])
      expect(relay.lastWord).toMatchObject({ sqlstate: '57P01', bytes: shutdown })
      await until(() => client.said().length >= answer.length)
      expect(client.said().equals(answer)).toBe(true)
    }
  })

  test('asks a read again on the next connection when the server said why it ended', async () => {
    for (const said of [shutdown, Buffer.concat([rowDescription(['n']), dataRow(['1']), shutdown])]) {
      const { client, relay, server, happened, connectServer } = await createScene()
      relay.onClientData(query('SELECT 1'))
      server.fromServer(said)
      expect(happened).toEqual(['owing'])
      relay.onClientData(sync)
      const next = await connectServer()
      await until(() => next.said().length >= query('SELECT 1').length + sync.length)
      expect(next.said().equals(Buffer.concat([query('SELECT 1'), sync]))).toBe(true)
      next.fromServer(answer)
      await until(() => client.said().length >= answer.length)
      expect(client.said().equals(answer)).toBe(true)
    }
  })

  test('asks again after the warning of a server that is told to end at once, and does not pass the warning on', async () => {
    for (const said of [quick, Buffer.concat([rowDescription(['n']), dataRow(['1']), quick])]) {
      const { client, relay, server, happened } = await createScene()
      relay.onClientData(query('SELECT 1'))
      server.fromServer(said)
      server.connection.close('closed by the server')
      expect(happened).toEqual(['owing'])
      expect(client.said().length).toBe(0)
    }
  })

  test.each([
    ['said nothing', [], 'SELECT 1', 'lost'],
    ['had begun to answer', [rowDescription(['n']), shutdown], 'SELECT 1', 'lost'],
    ['got a write', [shutdown], 'INSERT INTO t VALUES (1)', 'in-doubt'],
    ['got a call of who knows what', [shutdown], 'SELECT pay_invoice(1)', 'in-doubt'],
  ])('asks nothing again when the server %s', async (_title, chunks, sql, loss) => {
    const { relay, server, happened } = await createScene()
    relay.onClientData(query(sql))
    for (const chunk of chunks) server.fromServer(chunk)
    server.connection.close('closed by the server')
    expect(happened).toEqual([loss])
  })

  test('says that a COMMIT is in doubt, and a transaction without one lost', async () => {
    const open = Buffer.concat([commandComplete('BEGIN'), readyForQuery(0x54)])
    for (const [sql, loss] of [
      ['COMMIT', 'in-doubt'],
      ['UPDATE t SET n = 1', 'lost'],
    ] as const) {
      const { relay, server, happened } = await createScene()
      relay.onClientData(query('BEGIN'))
      server.fromServer(open)
      relay.onClientData(query(sql))
      server.connection.close('closed by the server')
      expect(happened).toEqual([loss])
    }
  })

  test('says that the client speaks while there is no connection, and needs none for its Terminate', async () => {
    const { relay, server, happened } = await createScene()
    server.connection.close('closed by the server')
    relay.onClientData(terminate)
    relay.onClientData(query('SELECT 1'))
    expect(happened).toEqual(['movable', 'finished', 'spoke'])
  })

  test('refuses what is not the protocol', async () => {
    const { relay, happened } = await createScene()
    relay.onClientData(Buffer.from('GET / HTTP/1.1\r\n\r\n'))
    expect(happened).toEqual([expect.stringContaining('violated')])
  })
})
