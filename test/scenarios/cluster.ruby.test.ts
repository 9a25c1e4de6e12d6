import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { freePort } from '../../src/system/free-port.ts'
import { signalProcess } from '../../src/system/process-group.ts'
import { startBezel } from '../support/bezel-run.ts'
import type { ExampleName } from '../support/example-app.ts'
import { waitFor } from '../support/wait-for.ts'
import { ask, misbehaving } from '../support/workers.ts'

const startExampleCluster = (name: ExampleName, ...args: readonly string[]) =>
  startCluster(resolve(import.meta.dirname, '../../examples', name), () => args)

async function startCluster(folder: string, argsFor: (port: number) => readonly string[]) {
  const port = await freePort()
  const own = ['--workers-mode', 'cluster', '--gateway', 'off', '--validation', 'off', '--workers-address', `127.0.0.1:${port}`]
  const run = await startBezel({
    folder,
    args: [...own, ...argsFor(port)],
    env: { PORT: String(port), WEB_CONCURRENCY: '2', WORKERS: '2', DATABASE_URL: undefined },
  })
  return { run, origin: `http://127.0.0.1:${port}` }
}

/** One request after the other. Puma itself drops one now and then when a worker ends; what no client may meet is a closed port. */
function askAgainAndAgain(port: number) {
  let goesOn = true
  let answered = 0
  let refused = 0
  const done = (async () => {
    while (goesOn) {
      await ask({ tag: 'Tcp', host: '127.0.0.1', port }, '/').then(
        () => (answered += 1),
        (error: Error & { code?: string }) => (refused += error.code === 'ECONNREFUSED' ? 1 : 0),
      )
    }
  })()
  return {
    /** How many found the port closed; a load that was answered often enough to tell. */
    async refused() {
      await waitFor(() => answered > 10, 60_000)
      goesOn = false
      await done
      return refused
    },
  }
}

test(
  "Puma's own cluster: past a memory limit and in a rolling restart its port stays open and other workers serve",
  { timeout: 120_000 },
  async () => {
    const { run, origin } = await startExampleCluster('puma-pg', '--workers-memory-soft', '250MB')
    await using _ = run
    const { pid } = await run.fact('RunReady')
    const load = askAgainAndAgain(Number(new URL(origin).port))
    await (await fetch(`${origin}/leak?mb=400`)).text()
    expect(await run.fact('MemoryExceeded')).toMatchObject({ limit: 'soft', pid: expect.any(Number) })

    signalProcess(run.pid, 'SIGUSR1')
    expect(await run.fact('ClusterRestarted')).toMatchObject({ isReplaced: true })
    expect((await fetch(origin)).status).toBe(200)
    expect(await load.refused()).toBe(0)
    expect(run.facts().filter(({ tag }) => tag === 'RunExited' || tag === 'ClusterWorkersEnded')).toEqual([])
    expect(run.facts().find(({ tag }) => tag === 'RunReady')).toMatchObject({ pid })
    await run.stopCleanly()
  },
)

test("Iodine's own cluster replaces its workers on a rolling restart, and keeps its port", { timeout: 120_000 }, async () => {
  const { run, origin } = await startExampleCluster('iodine-pg')
  await using _ = run
  await run.fact('RunReady')
  signalProcess(run.pid, 'SIGUSR1')
  expect(await run.fact('ClusterRestarted')).toMatchObject({ isReplaced: true })
  expect((await fetch(origin)).status).toBe(200)
  expect(run.facts().filter(({ tag }) => tag === 'RunExited')).toEqual([])
  await run.stopCleanly()
})

test("a crash in one worker of Puma's own cluster is an incident, and costs the others nothing", { timeout: 120_000 }, async () => {
  const { run, origin } = await startExampleCluster('puma-pg')
  await using _ = run
  await run.fact('RunReady')
  const load = askAgainAndAgain(Number(new URL(origin).port))
  const seen = new Set<string>()
  for (const id of [1, 2]) {
    await fetch(`${origin}/segv?id=${id}`).catch(() => 'cut')
    const recorded = await run.fact('IncidentRecorded', ({ incident }) => !seen.has(incident))
    seen.add(recorded.incident)
    expect(recorded).toMatchObject({ kind: 'segfault', culprit: 'fiddle', run: 1 })
  }
  expect(await load.refused()).toBe(0)
  expect(run.facts().filter(({ tag }) => tag === 'RunExited' || tag === 'DegradationChanged')).toEqual([])
  expect(run.facts().filter(({ tag }) => tag === 'CrashConfirmed')).toHaveLength(2)
  await run.stopCleanly()
})

test("a crash whose end can't be seen is an incident as well: that of a program which a worker started", { timeout: 120_000 }, async () => {
  const { run, origin } = await startCluster(misbehaving, (port) => ['--', 'ruby', '--disable-gems', 'cluster.rb', String(port)])
  await using _ = run
  const { pid } = await run.fact('RunReady')
  expect(await (await fetch(`${origin}/helper`)).text()).toContain('SIGABRT')
  const recorded = await run.fact('IncidentRecorded')
  expect(recorded).toMatchObject({ kind: 'segfault', culprit: 'fiddle', run: 1 })
  expect(JSON.parse(readFileSync(recorded.path!, 'utf8'))).toMatchObject({ pid: 0, ready: true, exit: null })
  expect(await (await fetch(origin)).text()).toBe('hello')
  expect(run.facts().filter(({ tag }) => tag === 'RunExited' || tag === 'ClusterWorkersEnded')).toEqual([])
  expect(run.facts().find(({ tag }) => tag === 'RunReady')).toMatchObject({ pid })
  await run.stopCleanly()
})
