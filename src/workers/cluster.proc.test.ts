import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { watchLeaks } from '../../test/support/leaks.ts'
import { waitFor } from '../../test/support/wait-for.ts'
import { ask, freePort, misbehaving, rubyLaunch, serving, startsOneATest } from '../../test/support/workers.ts'
import { systemClock } from '../system/clock.ts'
import { readDescendants } from '../system/proc-fs.ts'
import { signalProcess } from '../system/process-group.ts'

watchLeaks()
const start = startsOneATest()

describe('cluster', () => {
  let other: ChildProcess | null = null
  afterEach(async () => {
    if (other === null) return
    other.kill('SIGKILL')
    await once(other, 'exit')
    other = null
  })

  const cluster = async () => {
    const port = await freePort()
    return {
      port,
      launch: {
        ...rubyLaunch('cluster.rb'),
        command: ['ruby', '--disable-gems', join(misbehaving, 'cluster.rb'), String(port)],
        listens: { tag: 'Own' as const, address: { tag: 'Tcp' as const, host: '127.0.0.1', port } },
      },
    }
  }

  test("is one run that owns its port; the ends of the server's own workers are told", async () => {
    const { launch } = await cluster()
    const bezel = start(launch, { mode: 'cluster', count: 4, childrenEveryMs: 20 })
    const { pid } = await bezel.fact('RunReady')
    await waitFor(() => bezel.manager.snapshot().workers[0]!.children === 2)
    expect(bezel.manager.snapshot().workers).toHaveLength(1)
    const child = readDescendants(pid)[0]!
    signalProcess(child, 'SIGKILL')
    expect(await bezel.fact('ClusterWorkersEnded')).toMatchObject({ worker: 1, run: 1, pids: [child], total: 1 })
    expect(await ask(serving(bezel).address, '/')).toBe('hello')
    await bezel.manager.stop(systemClock.nowMs() + 10_000)
    expect(bezel.facts('RunExited')).toMatchObject([{ why: 'asked', exit: { code: 0 } }])
    expect(bezel.facts('ClusterWorkersEnded')).toHaveLength(1)
  })

  test('is not ready because another server answers on its port', async () => {
    const { port, launch } = await cluster()
    other = spawn('ruby', ['--disable-gems', join(misbehaving, 'well.rb'), String(port)], { stdio: 'ignore' })
    const address = { tag: 'Tcp', host: '127.0.0.1', port } as const
    let isUp = false
    await waitFor(() => {
      void ask(address, '/').then(
        () => (isUp = true),
        () => {},
      )
      return isUp
    })
    const bezel = start(
      { ...launch, command: ['ruby', '--disable-gems', join(misbehaving, 'never-listens.rb')] },
      { mode: 'cluster', startTimeoutMs: 1_500 },
    )
    await bezel.fact('RunExited')
    expect(bezel.facts('RunReady')).toEqual([])
  })
})
