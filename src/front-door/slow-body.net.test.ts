import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { closeRigs, echo, open } from './testing/open-rig.ts'
import { until } from './testing/rig.ts'

afterEach(closeRigs)

/** A client that has begun to send a body which is passed on, and what it sends each 20 ms. */
async function trickle(piece: string, length: number) {
  const rig = await open({ holdBodyBytes: 10, bodyTimeoutMs: 600 })
  const { run } = await rig.boot(echo)
  const line = rig.dial().say(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n${'x'.repeat(100)}`)
  await until(() => rig.door.heldBy(run) === 1)
  let left = length - 100
  const timer = setInterval(() => {
    if (left > 0 && !line.ended) line.say(piece.slice(0, left))
    left -= piece.length
  }, 20)
  await until(() => line.heard !== '')
  clearInterval(timer)
  await until(() => rig.door.heldBy(run) === 0)
  return line.heard
}

describe('a body that is passed on as it comes', () => {
  test('holds no worker when it comes octet by octet', async () => {
    expect(await trickle('x', 100_000)).toMatch(/^HTTP\/1.1 408 /)
  })

  test('may take longer than a pause may', async () => {
    expect(await trickle('x'.repeat(8_000), 640_000)).toMatch(/^HTTP\/1.1 200 /)
  })

  test('makes the worker that takes nothing of it the late one, not the client', async () => {
    const rig = await open({ holdBodyBytes: 10, bodyTimeoutMs: 200, requestTimeoutMs: 800 })
    const folder = mkdtempSync(join(tmpdir(), 'bezel-sb-'))
    const path = join(folder, 's')
    const server = createServer((socket) => socket.pause().on('error', () => {})).listen(path)
    rig.door.runReady({ worker: 1, run: 1, processGroup: 0, address: { tag: 'Unix', path }, slots: 1, keepAliveTimeoutMs: 20_000 })
    const line = rig.dial().say(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n\r\n${'x'.repeat(8_000_000)}`)
    await until(() => line.heard !== '')
    expect(line.heard).toMatch(/^HTTP\/1.1 504 /)
    expect(rig.facts.some(({ tag }) => tag === 'RequestOverdue')).toBe(true)
    server.close()
    rmSync(folder, { recursive: true })
  })
})
