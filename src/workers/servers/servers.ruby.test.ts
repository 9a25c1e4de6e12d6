import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { watchLeaks } from '../../../test/support/leaks.ts'
import { waitFor } from '../../../test/support/wait-for.ts'
import { appFacts, ask, livingIn, startsOneATest, type HeldUp } from '../../../test/support/workers.ts'
import { systemClock } from '../../system/clock.ts'
import { freePort } from '../../system/free-port.ts'
import { readListeners } from '../../system/listeners.ts'
import { planLaunch } from './plan-launch.ts'

watchLeaks()

const examples = join(import.meta.dirname, '../../../examples')
const isInstalled = (app: string) => existsSync(join(examples, app, 'vendor/bundle'))
const canRun = process.env['CI'] !== undefined || (isInstalled('iodine-pg') && isInstalled('puma-pg'))

const startOne = startsOneATest()

/** The examples open no database connection before somebody asks for one. */
function start(server: 'iodine' | 'puma', mode: 'isolated' | 'cluster', environment: Record<string, string> = {}): HeldUp {
  const cwd = join(examples, `${server}-pg`)
  const launch = planLaunch({ mode, server: { tag: 'Known', server }, threads: 3, address: null, app: appFacts(cwd, environment) })
  return startOne(launch, { cwd, mode, environment, stopTimeoutMs: 10_000 })
}

function listenersOf({ manager }: HeldUp) {
  return manager.liveRuns().flatMap(({ processGroup }) => readListeners(livingIn(processGroup)))
}

describe.skipIf(!canRun)('a real server (needs the bundles of examples/)', () => {
  test.each(['iodine', 'puma'] as const)(
    '%s, isolated: one process that listens on its socket and nowhere else, and finishes what it holds when stopped',
    async (server) => {
      const bezel = start(server, 'isolated')
      const { pid } = await bezel.fact('RunReady')
      const [run] = bezel.manager.liveRuns()
      const address = run!.serving!.address
      expect(livingIn(pid)).toEqual([pid])
      const others = listenersOf(bezel).flatMap((listener) =>
        listener.tag === 'Unix' && listener.path === (address as { path: string }).path ? [] : [listener],
      )
      // Iodine's own messages; nothing else may be reachable.
      expect(others).toEqual(
        server === 'puma' ? [] : [{ tag: 'Unix', path: expect.stringMatching(bezel.settings.launch.litter!) as string }],
      )
      expect(JSON.parse(await ask(address, '/pid'))).toEqual({ pid })
      const slow = ask(address, '/slow?ms=700')
      await ask(address, '/')
      await bezel.manager.stop(systemClock.nowMs() + 15_000)
      expect(await slow).toMatch(/That took 700 ms/)
      expect(bezel.facts('RunExited')).toMatchObject([{ why: 'asked', ready: true }])
      await waitFor(() => bezel.outputHasEnded(1))
      expect(readdirSync(bezel.settings.runtimeDir)).toEqual(['groups'])
    },
  )

  test.each(['iodine', 'puma'] as const)(
    '%s, isolated: a real fault in a native extension is a crash, and the next run is ready',
    async (server) => {
      const bezel = start(server, 'isolated')
      await bezel.fact('RunReady')
      const sockets = listenersOf(bezel)
      await expect(ask(bezel.manager.liveRuns()[0]!.serving!.address, '/segv')).rejects.toThrow()
      const exited = await bezel.fact('RunExited')
      expect(exited.why).toBe('crashed')
      expect(['SIGABRT', 'SIGSEGV']).toContain(exited.exit.signal)
      expect(bezel.output(1)).toMatch(/\[BUG\] Segmentation fault/)
      expect(sockets.filter((listener) => listener.tag === 'Unix' && existsSync(listener.path))).toEqual([])
      await bezel.fact('RunReady', 2)
    },
  )

  test.each(['iodine', 'puma'] as const)(
    "%s, cluster: the app's own command owns its port, and a dead worker of it is told",
    async (server) => {
      const port = await freePort()
      const bezel = start(server, 'cluster', { PORT: String(port), WEB_CONCURRENCY: '2', WORKERS: '2', THREADS: '2' })
      await bezel.fact('RunReady')
      const address = bezel.manager.liveRuns()[0]!.serving!.address
      expect(address).toEqual({ tag: 'Tcp', host: '127.0.0.1', port })
      await waitFor(() => bezel.manager.snapshot().workers[0]!.children >= 2)
      const { pid } = JSON.parse(await ask(address, '/pid')) as { pid: number }
      process.kill(pid, 'SIGKILL')
      expect((await bezel.fact('ClusterWorkersEnded')).pids).toContain(pid)
      await bezel.manager.stop(systemClock.nowMs() + 15_000)
      expect(bezel.facts('RunExited')).toHaveLength(1)
    },
  )
})
