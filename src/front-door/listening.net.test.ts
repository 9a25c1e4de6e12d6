import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { bindTcp, bindUnix, portOf } from '../net/bound-handle.ts'
import { systemClock } from '../system/clock.ts'
import { FrontDoor } from './front-door.ts'
import { frontDoorDefaults } from './options.ts'
import type { FakeRequest } from './testing/fake-worker.ts'
import { Line, Rig, until } from './testing/rig.ts'

const folder = mkdtempSync(join(tmpdir(), 'bezel-li-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const cleanUps: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp()
})

const echo = (request: FakeRequest) => request.reply(`${request.target} ${request.headers['x-forwarded-for'] ?? 'nobody'}`)

function door(): FrontDoor {
  const outside = { clock: systemClock, random: Math.random, emit: () => {} }
  const door = new FrontDoor(frontDoorDefaults, outside, { isEnding: () => false, accessLog: null })
  cleanUps.push(() => door.stop(systemClock.nowMs() + 1_000))
  return door
}

async function rigged(): Promise<Rig> {
  const rig = await Rig.open()
  cleanUps.push(() => rig.close())
  return rig
}

describe('listening', () => {
  test('accepts from a bound TCP handle, and says when the port is taken', async () => {
    const bound = bindTcp('127.0.0.1', 0)
    if (bound.tag === 'Failed') throw new Error(bound.code)
    const first = door()
    await first.listen(bound.handle)
    expect(first.port).toBe(portOf(bound.handle))
    await expect(door().listen({ port: first.port!, host: '127.0.0.1' })).rejects.toMatchObject({ code: 'EADDRINUSE' })
    await first.stopAccepting()
    await first.stopAccepting()
    expect(first.snapshot().accepting).toBe(false)
  })

  test('serves clients on a Unix socket, who have no address and are trusted', async () => {
    const path = join(folder, 'public')
    const bound = bindUnix(path)
    if (bound.tag === 'Failed') throw new Error(bound.code)
    const served = door()
    await served.listen(bound.handle)
    const rig = await rigged()
    const { worker } = await rig.boot(echo)
    served.runReady(worker.run(1))
    const line = new Line(connect({ path, allowHalfOpen: true }))
    cleanUps.push(() => line.socket.destroy())
    line.say('GET /u HTTP/1.1\r\nHost: a\r\n\r\n')
    await line.hears('/u nobody')
    line.say('GET /v HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 9.9.9.9\r\n\r\n')
    await line.hears('/v 9.9.9.9')
  })

  test('reaches a run on a loopback port', async () => {
    const front = await rigged()
    const back = await rigged()
    await back.boot(echo)
    front.door.runReady({
      worker: 1,
      run: 1,
      processGroup: 0,
      address: { tag: 'Tcp', host: '127.0.0.1', port: back.port },
      slots: 1,
      keepAliveTimeoutMs: 5_000,
    })
    expect(await front.ask('/t')).toMatchObject({ status: 200, body: '/t 127.0.0.1, 127.0.0.1' })
  })
})

/** A server whose backlog holds one or two connects, stopped as soon as it listens: it accepts nobody. */
async function stoppedServer(path: string): Promise<void> {
  const script = `require('net').createServer(() => {}).listen({ path: ${JSON.stringify(path)}, backlog: 1 }, () => process.kill(process.pid, 'SIGSTOP'))`
  const child = spawn(process.execPath, ['-e', script], { stdio: 'ignore' })
  cleanUps.push(() => child.kill('SIGKILL'))
  const isFull = () =>
    new Promise<boolean>((resolve) => {
      const probe = connect(path, () => resolve(false))
      cleanUps.push(() => probe.destroy())
      probe.on('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'EAGAIN'))
    })
  let full = false
  void (async () => {
    while (!full) {
      full = await isFull()
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  })()
  await until(() => full)
}

test('a full backlog means a full worker, not a dead one: its requests go elsewhere', async () => {
  const rig = await rigged()
  const path = join(folder, 'full')
  await stoppedServer(path)
  rig.door.runReady({ worker: 9, run: 9, processGroup: 0, address: { tag: 'Unix', path }, slots: 4, keepAliveTimeoutMs: 5_000 })
  const { worker } = await rig.boot(echo)
  for (let count = 0; count < 10; count++) expect(await rig.ask('/')).toMatchObject({ status: 200 })
  expect(worker.requests).toHaveLength(10)
  expect(rig.facts.filter((fact) => fact.tag === 'RunUnreachable')).toEqual([])
  expect(rig.door.snapshot().runs.find(({ run }) => run === 9)).toMatchObject({ state: 'serving', outstanding: 0 })
})
