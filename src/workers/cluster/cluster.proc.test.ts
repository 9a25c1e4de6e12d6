import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { watchLeaks } from '../../../test/support/leaks.ts'
import { waitFor } from '../../../test/support/wait-for.ts'
import { ask, misbehaving, rubyLaunch, serving, startsOneATest } from '../../../test/support/workers.ts'
import { systemClock } from '../../system/clock.ts'
import { freePort } from '../../system/free-port.ts'
import { readChildren, readDescendants, readStat } from '../../system/proc-fs.ts'
import { signalProcess } from '../../system/process-group.ts'

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

  test('a memory limit holds for each worker of the server: past it that one is ended, and the server goes on', async () => {
    const { launch } = await cluster()
    const memory = { rssEveryMs: 50, pssEveryMs: 50, softLimitMb: 120, hardLimitMb: 300 }
    const bezel = start(launch, { mode: 'cluster', childrenEveryMs: 20, memory })
    const { pid: server } = await bezel.fact('RunReady')
    await waitFor(() => bezel.manager.snapshot().workers[0]!.children === 2)
    const { address } = serving(bezel)
    await ask(address, '/grow?150').catch(() => 'cut')
    const soft = await bezel.fact('MemoryExceeded')
    expect(soft).toMatchObject({ worker: 1, run: 1, limit: 'soft', limitMb: 120 })
    expect(readStat(soft.pid!)?.parent ?? server).toBe(server)
    await waitFor(() => readStat(soft.pid!) === null)
    await ask(address, '/grow?400').catch(() => 'cut')
    const hard = await bezel.fact('MemoryExceeded', 2)
    expect(hard).toMatchObject({ limit: 'hard' })
    await waitFor(() => readStat(hard.pid!) === null)
    expect(await ask(address, '/')).toBe('hello')
    expect([bezel.facts('RunExited'), bezel.facts('ClusterWorkersEnded')]).toEqual([[], []])
  })

  test('a soft limit below the size of every worker ends one now and then, not all', async () => {
    const { launch } = await cluster()
    const bezel = start(launch, { mode: 'cluster', memory: { rssEveryMs: 20, pssEveryMs: 20, softLimitMb: 1 } })
    await bezel.fact('MemoryExceeded')
    await bezel.manager.monitorWorkerHealth()
    await bezel.manager.monitorWorkerHealth()
    expect(bezel.facts('MemoryExceeded')).toHaveLength(1)
  })

  test('a server without workers of its own is judged as a whole', async () => {
    const { port, launch } = await cluster()
    const command = ['ruby', '--disable-gems', join(misbehaving, 'well.rb'), String(port)]
    const bezel = start({ ...launch, command }, { mode: 'cluster', memory: { rssEveryMs: 50, hardLimitMb: 200 } })
    await bezel.fact('RunReady')
    await ask(serving(bezel).address, '/grow?300').catch(() => 'cut')
    expect(await bezel.fact('MemoryExceeded')).toMatchObject({ run: 1, pid: null, limit: 'hard' })
    await bezel.fact('RunReady', 2)
  })

  test("a rolling restart is the server's own: all its workers are new, the run and its port stay", async () => {
    const { launch } = await cluster()
    const bezel = start({ ...launch, restartSignal: 'SIGUSR1' }, { mode: 'cluster', childrenEveryMs: 20 })
    const { pid } = await bezel.fact('RunReady')
    await waitFor(() => readChildren(pid).length === 2)
    const before = readChildren(pid)
    const twice = [bezel.manager.rollingRestart(), bezel.manager.rollingRestart()]
    expect(await Promise.all(twice)).toEqual([
      { replaced: 1, failed: null },
      { replaced: 1, failed: null },
    ])
    expect(bezel.facts('ClusterRestarting')).toMatchObject([{ worker: 1, run: 1, signal: 'SIGUSR1' }])
    expect(bezel.facts('ClusterRestarted')).toMatchObject([{ isReplaced: true }])
    expect(readChildren(pid).filter((child) => before.includes(child))).toEqual([])
    expect(await ask(serving(bezel).address, '/')).toBe('hello')
    expect([bezel.facts('RunExited'), bezel.facts('ClusterWorkersEnded')]).toEqual([[], []])
  })

  test('a rolling restart of a server that knows no signal for it stops it and starts it anew', async () => {
    const { launch } = await cluster()
    const bezel = start(launch, { mode: 'cluster' })
    await bezel.fact('RunReady')
    expect(await bezel.manager.rollingRestart()).toEqual({ replaced: 1, failed: null })
    expect(bezel.facts('RunExited')).toMatchObject([{ run: 1, why: 'asked' }])
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
