import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type ListenOptions } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { watchLeaks } from '../../test/support/leaks.ts'
import { readListeners } from './listeners.ts'

watchLeaks()

async function listening(options: ListenOptions, look: (port: number) => void): Promise<void> {
  const server = createServer().listen(options)
  await once(server, 'listening')
  const address = server.address()
  look(typeof address === 'object' && address !== null ? address.port : 0)
  server.close()
  await once(server, 'close')
}

test.each(['127.0.0.1', '0.0.0.0', '::1', '::'])('finds what listens on %s, and no longer when it is closed', async (host) => {
  let seen = 0
  await listening({ host, port: 0 }, (port) => {
    seen = port
    expect(readListeners([process.pid])).toContainEqual({ tag: 'Tcp', host, port })
  })
  expect(readListeners([process.pid])).not.toContainEqual({ tag: 'Tcp', host, port: seen })
})

test('finds Unix sockets, and nothing of a process that is gone', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bzl-'))
  const path = join(folder, 'a socket')
  await listening({ path }, () => expect(readListeners([process.pid])).toContainEqual({ tag: 'Unix', path }))
  rmSync(folder, { recursive: true })
  expect(readListeners([2 ** 22 + 1])).toEqual([])
})
