import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { afterEach, expect, test } from 'vitest'
import { closeRigs, echo, open } from './testing/open-rig.ts'

afterEach(closeRigs)

const count = 20

/** A thread that connects `count` times, wakes who waits for `connected`, and tells the first line that each connection heard. */
const clients = `
  const { parentPort, workerData: { port, count, connected } } = require('node:worker_threads')
  const lines = Array.from({ length: count }, () => new Promise((resolve) => {
    const socket = require('node:net').connect(port, '127.0.0.1')
    let heard = ''
    socket.on('connect', () => {
      socket.write('GET / HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n')
      if (Atomics.add(connected, 0, 1) + 1 === count) Atomics.notify(connected, 0)
    })
    socket.on('data', (bytes) => (heard += bytes))
    socket.on('error', (error) => resolve(error.code))
    socket.on('end', () => resolve(heard.split('\\r\\n')[0]))
  }))
  Promise.all(lines).then((all) => parentPort.postMessage(all))
`

test('whoever waits before the port when it closes is let in and answered', async () => {
  const rig = await open()
  await rig.boot(echo)
  const connected = new Int32Array(new SharedArrayBuffer(4))
  const thread = new Worker(clients, { eval: true, workerData: { port: rig.port, count, connected } })
  // The answers may be there before the door has stopped.
  const told = once(thread, 'message')
  await once(thread, 'online')
  // The door's event loop stands still until the system has taken all of them into the backlog.
  for (let before = 0; before < count; before = Atomics.load(connected, 0)) Atomics.wait(connected, 0, before, 10_000)
  await rig.door.stopAccepting()
  const drained = rig.door.drain(10_000)
  const [heard] = await told
  expect(heard).toEqual(Array.from({ length: count }, () => 'HTTP/1.1 200 X'))
  expect(await drained).toBe(0)
})
