import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type ListenOptions, type NetConnectOpts, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { watchLeaks } from '../../test/support/leaks.ts'
import { readConnections } from './connections.ts'
import { findPortHolder } from './port-holder.ts'

watchLeaks()

/** Connects to a server of its own, looks, and closes both. */
async function connected(listens: ListenOptions, target: (port: number) => NetConnectOpts, look: (port: number) => Promise<void>) {
  const accepted: Socket[] = []
  const server = createServer((socket) => accepted.push(socket)).listen(listens)
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const client = connect(target(port))
  await Promise.all([once(client, 'connect'), once(server, 'connection')])
  await look(port)
  for (const socket of [client, ...accepted]) socket.destroy()
  server.close()
  await once(server, 'close')
}

test.each([
  ['127.0.0.1', '127.0.0.1'],
  ['::1', '::1'],
  ['::', '127.0.0.1'],
])('a connection to %s leads to %s, an IPv4 one inside of IPv6 too', async (listens, host) => {
  await connected(
    { host: listens, port: 0 },
    (port) => ({ host, port }),
    async (port) => {
      expect(await readConnections([process.pid])).toContainEqual({ tag: 'Tcp', host, port })
      expect(findPortHolder(port)).toMatchObject({ pid: process.pid })
    },
  )
})

test('a connection to a Unix socket leads to its path; a process that is gone has none', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bzl-'))
  const path = join(folder, 'a socket')
  await connected(
    { path },
    () => ({ path }),
    async () => {
      expect(await readConnections([process.pid])).toContainEqual({ tag: 'Unix', path })
    },
  )
  rmSync(folder, { recursive: true })
  expect(await readConnections([2 ** 22 + 1])).toEqual([])
})
