import { once } from 'node:events'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { watchLeaks } from '../../test/support/leaks.ts'
import type { DatabaseRoute } from '../config/databases/database-route.ts'
import type { BezelEvent } from '../events.ts'
import { systemClock } from '../system/clock.ts'
import { BypassWatch } from './bypass-watch.ts'

watchLeaks()

const sockets: Socket[] = []
const server = createServer((socket) => void sockets.push(socket))
const unixServer = createServer((socket) => void sockets.push(socket))
let folder = ''
let port = 0

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bzl-'))
  symlinkSync(folder, `${folder}-link`)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  port = typeof address === 'object' && address !== null ? address.port : 0
  await once(unixServer.listen(join(folder, '.s.PGSQL.5433')), 'listening')
})
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  for (const each of [server, unixServer]) await once(each.close(), 'close')
  rmSync(folder, { recursive: true })
  rmSync(`${folder}-link`)
})

function behindGateway(name: string, host: string, port: number): DatabaseRoute {
  const target = { host, port, user: 'u', password: null, database: 'd', sslmode: 'prefer' } as const
  const settings = { name, target, listenPort: 5432, poolSize: null }
  const url = { scheme: 'postgres', parameters: new Map<string, string>() }
  return { name, origin: '', required: false, way: { tag: 'Gateway', settings, url, variables: ['DATABASE_URL'] } }
}

/** This process plays the worker. */
function watch(...databases: DatabaseRoute[]) {
  const told: BezelEvent[] = []
  const outside = { clock: systemClock, random: Math.random, emit: (event: BezelEvent) => void told.push(event) }
  const run = { worker: 2, run: 7, processGroup: process.pid, serving: null }
  return { told, watch: new BypassWatch(databases, outside, () => [run]) }
}

async function connectTo(where: { port: number } | { path: string }): Promise<void> {
  const client = connect(where)
  sockets.push(client)
  await Promise.all([once(client, 'connect'), once('port' in where ? server : unixServer, 'connection')])
}

test('a worker with a connection to the database server of its own is told of once, with what to do', async () => {
  const bezel = watch(behindGateway('primary', 'localhost', port), behindGateway('cache', '127.0.0.1', port))
  await bezel.watch.look()
  expect(bezel.told).toEqual([])
  await connectTo({ port })
  await bezel.watch.look()
  await bezel.watch.look()
  expect(bezel.told).toMatchObject([
    { tag: 'GatewayBypassed', worker: 2, run: 7, databases: ['primary', 'cache'], address: `127.0.0.1:${port}` },
  ])
  expect(bezel.told[0]).toHaveProperty('remedy', [
    'let the app take the address from DATABASE_URL, which bezel sets for each worker',
    'or say in bezel.yml that it is wanted: databases: { primary: { gateway: off } }',
  ])
})

test('so is one over a Unix socket, by whatever path it is named', async () => {
  const bezel = watch(behindGateway('primary', `${folder}-link`, 5433))
  await connectTo({ path: join(folder, '.s.PGSQL.5433') })
  await bezel.watch.look()
  expect(bezel.told).toMatchObject([{ address: join(folder, '.s.PGSQL.5433') }])
})

test('a server that another database of the app goes to directly says nothing; nor does any other', async () => {
  const way = { tag: 'Direct', why: 'databases.cache.gateway is off', server: { host: '127.0.0.1', port } } as const
  const direct: DatabaseRoute = { name: 'cache', origin: '', required: false, way }
  const bezel = watch(behindGateway('primary', '127.0.0.1', port), direct)
  const other = watch(behindGateway('primary', '127.0.0.1', port === 65_535 ? 1 : port + 1))
  await connectTo({ port })
  await bezel.watch.look()
  await other.watch.look()
  expect([...bezel.told, ...other.told]).toEqual([])
})
