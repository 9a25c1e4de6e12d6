import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { frame, int32 } from '../../formats/pgwire/field.ts'
import {
  authenticationOk,
  authenticationSasl,
  authenticationSaslContinue,
  authenticationSaslFinal,
  backendKeyData,
  parameterStatus,
  readyForQuery,
} from '../../formats/pgwire/server-messages.ts'
import type { Clock } from '../../resilience/drive.ts'
import { systemClock } from '../../system/clock.ts'
import { connectServer } from './connect-server.ts'
import { sendCancel } from './send-cancel.ts'
import type { ServerTarget } from './target.ts'

const servers: Server[] = []
const sockets = new Set<Socket>()
afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  for (const server of servers.splice(0)) {
    server.close()
    await once(server, 'close')
  }
})

/** A server that does with each connection what it is told. */
async function serverThat(behaves: (socket: Socket) => void): Promise<ServerTarget> {
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    behaves(socket)
    socket.resume()
  }).listen(0, '127.0.0.1')
  servers.push(server)
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { host: '127.0.0.1', port, user: 'app', password: 'secret word', database: 'app', sslmode: 'disable' }
}

const patient = { connectTimeoutMs: 20_000, clock: systemClock }

/** A deadline that comes when it is told to. */
let expire = () => {}
const byHand: Clock = {
  nowMs: () => 0,
  at(_atMs, call) {
    expire = call
    return () => {}
  },
}
const hasty = { connectTimeoutMs: 100, clock: byHand }

/** Until nothing that was opened is open any more. */
async function allClosed(): Promise<void> {
  for (const socket of sockets) if (!socket.destroyed) await once(socket, 'close')
}

const started = Buffer.concat([authenticationOk, parameterStatus('a', 'b'), backendKeyData(7, Buffer.alloc(4)), readyForQuery(0x49)])

describe('connecting', () => {
  test('hands over what came behind the first ReadyForQuery', async () => {
    const late = parameterStatus('late', 'x')
    const target = await serverThat((socket) => socket.once('data', () => socket.write(Buffer.concat([started, late]))))
    const link = await connectServer(target, {}, patient)
    expect(link).toMatchObject({ tag: 'Connected', pid: 7, unread: late })
    if (link.tag !== 'Connected') return
    expect(link.socket.isPaused()).toBe(true)
    expect(['data', 'error', 'end', 'close'].map((event) => link.socket.listenerCount(event))).toEqual([0, 0, expect.any(Number), 0])
    link.socket.destroy()
  })

  test('reads answers that come byte by byte', async () => {
    const target = await serverThat((socket) =>
      socket.once('data', () => {
        let at = 0
        const write = () => {
          if (at < started.length && !socket.destroyed) socket.write(started.subarray(at, (at += 1)), () => setImmediate(write))
        }
        write()
      }),
    )
    const link = await connectServer(target, {}, patient)
    expect(link.tag).toBe('Connected')
    if (link.tag === 'Connected') link.socket.destroy()
  })

  test('gives up at its deadline, says where it was, and leaves nothing open', async () => {
    const silent = await serverThat((socket) => socket.once('data', () => expire()))
    expect(await connectServer(silent, {}, hasty)).toEqual({ tag: 'Timeout', afterMs: 100, stage: 'authentication' })
    await allClosed()
    expect(await connectServer({ ...silent, sslmode: 'require' }, {}, hasty)).toEqual({ tag: 'Timeout', afterMs: 100, stage: 'tls' })
    await allClosed()
    expect(await sendCancel(silent, 1, Buffer.alloc(4), hasty)).toEqual({ tag: 'Timeout', afterMs: 100, stage: 'start-up' })
    await allClosed()
  })

  test('can be given up', async () => {
    const controller = new AbortController()
    const target = await serverThat((socket) => socket.once('data', () => controller.abort()))
    expect(await connectServer(target, {}, { ...patient, signal: controller.signal })).toMatchObject({
      tag: 'Unreachable',
      errno: 'ABORT_ERR',
    })
    await allClosed()
    expect(await connectServer(target, {}, { ...patient, signal: controller.signal })).toMatchObject({
      tag: 'Unreachable',
      errno: 'ABORT_ERR',
    })
    await allClosed()
  })

  test('tells by the system’s name why there is no server', async () => {
    const target = await serverThat(() => {})
    const closed = servers.pop()!
    closed.close()
    await once(closed, 'close')
    expect(await connectServer(target, {}, patient)).toMatchObject({ tag: 'Unreachable', errno: 'ECONNREFUSED' })
    expect(await connectServer({ ...target, host: '/nowhere' }, {}, patient)).toMatchObject({ tag: 'Unreachable', errno: 'ENOENT' })
    expect(await connectServer({ ...target, host: 'no-such-host.invalid' }, {}, patient)).toMatchObject({
      tag: 'Unreachable',
      errno: expect.stringMatching(/^E/),
    })
  })

  test.each<[string, Buffer | null, object]>([
    ['closes at once', null, { tag: 'Unreachable', errno: null }],
    ['speaks HTTP', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), { tag: 'Protocol' }],
    ['announces a gigabyte', Buffer.from([0x52, 0x3f, 0xff, 0xff, 0xff]), { tag: 'Protocol' }],
    ['says that it is ready before it has authenticated', readyForQuery(0x49), { tag: 'Protocol' }],
    ['asks for Kerberos', frame(0x52, int32(2)), { tag: 'Protocol', text: 'the server asks for Kerberos, which is not supported' }],
    ['asks for nothing that exists', frame(0x52, int32(99)), { tag: 'Protocol' }],
    [
      'offers SCRAM in a form to come',
      authenticationSasl(['SCRAM-SHA-512']),
      { tag: 'Protocol', text: 'the server offers no SASL mechanism but SCRAM-SHA-512' },
    ],
    ['continues an exchange that was not begun', authenticationSaslContinue(Buffer.from('r=x,s=x,i=1')), { tag: 'Protocol' }],
    ['sends rows', Buffer.concat([authenticationOk, frame(0x44, Buffer.alloc(2))]), { tag: 'Protocol' }],
  ])('fails where the server %s', async (_what, answer, failure) => {
    const target = await serverThat((socket) => (answer === null ? socket.end() : socket.once('data', () => socket.write(answer))))
    expect(await connectServer(target, {}, patient)).toMatchObject(failure)
    await allClosed()
  })

  test.each<[string, (nonce: string) => Buffer[]]>([
    ['does not continue our nonce', () => [authenticationSaslContinue(Buffer.from('r=other,s=c2FsdA==,i=4096'))]],
    ['adds nothing to our nonce', (nonce) => [authenticationSaslContinue(Buffer.from(`r=${nonce},s=c2FsdA==,i=4096`))]],
    ['wants a billion iterations', (nonce) => [authenticationSaslContinue(Buffer.from(`r=${nonce}x,s=c2FsdA==,i=1000000000`))]],
    [
      'signs wrongly',
      (nonce) => [
        authenticationSaslContinue(Buffer.from(`r=${nonce}x,s=c2FsdA==,i=4096`)),
        authenticationSaslFinal(Buffer.from(`v=${Buffer.alloc(32).toString('base64')}`)),
      ],
    ],
    ['ends without its signature', (nonce) => [authenticationSaslContinue(Buffer.from(`r=${nonce}x,s=c2FsdA==,i=4096`)), started]],
  ])('does not trust a SCRAM server that %s', async (_what, answers) => {
    const target = await serverThat((socket) => {
      let left: Buffer[] | null = null
      socket.once('data', () => {
        socket.write(authenticationSasl(['SCRAM-SHA-256']))
        socket.on('data', (bytes: Buffer) => {
          left ??= answers(/r=([^,]+)/.exec(bytes.toString('latin1'))?.[1] ?? '')
          const next = left.shift()
          if (next !== undefined) socket.write(next)
        })
      })
    })
    const failure = await connectServer(target, {}, patient)
    expect(failure).toMatchObject({ tag: 'Protocol', text: expect.stringContaining('SCRAM') })
    expect(JSON.stringify(failure)).not.toContain('secret word')
    await allClosed()
  })

  test('takes unencrypted bytes behind the answer to SSLRequest for an attack, and an error before encryption for nobody’s word', async () => {
    const stuffed = await serverThat((socket) => socket.once('data', () => socket.write(Buffer.concat([Buffer.from('S'), started]))))
    expect(await connectServer({ ...stuffed, sslmode: 'require' }, {}, patient)).toMatchObject({ tag: 'Protocol' })
    await allClosed()
    const liar = await serverThat((socket) => socket.once('data', () => socket.write('E\0\0\0\x20SFATAL\0C28000\0Msend your money\0\0')))
    const failure = await connectServer({ ...liar, sslmode: 'require' }, {}, patient)
    expect(failure.tag).toBe('Tls')
    expect(JSON.stringify(failure)).not.toContain('money')
    await allClosed()
  })
})
