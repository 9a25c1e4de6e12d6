import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { UpstreamSocket } from './upstream-socket.ts'

/** What is heard from a server that answers at once and closes, by someone who speaks before he listens. */
async function heardAfter(pieces: readonly string[]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'bezel-us-'))
  const path = join(folder, 's')
  const server = createServer((client) => client.end('413', () => client.destroy())).listen(path)
  await once(server, 'listening')
  const socket = new UpstreamSocket()
  socket.setEncoding('latin1').on('error', () => {})
  socket.pause()
  socket.connect({ path })
  await once(socket, 'connect')
  await new Promise((resolve) => server.close(resolve))
  rmSync(folder, { recursive: true })
  socket.cork()
  const written = pieces.map((piece) => new Promise((resolve) => socket.write(piece, resolve)))
  socket.uncork()
  await Promise.all(written)
  let heard = ''
  socket.on('data', (text: string) => {
    heard += text
  })
  socket.resume()
  if (!socket.destroyed) await once(socket, 'close')
  return heard
}

describe('what a server said before it closed', () => {
  test('is heard after a write that failed', async () => {
    expect(await heardAfter(['a'])).toBe('413')
  })

  test('is heard after several writes at once that failed', async () => {
    expect(await heardAfter(['a', 'b', 'c'])).toBe('413')
  })
})
