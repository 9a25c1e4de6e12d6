import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { freePort } from '../../src/system/free-port.ts'
import { signalProcess } from '../../src/system/process-group.ts'
import { startBezel } from '../support/bezel-run.ts'
import type { ExampleName } from '../support/example-app.ts'
import { ask } from '../support/workers.ts'

async function startCluster(name: ExampleName, ...args: readonly string[]) {
  const port = await freePort()
  const run = await startBezel({
    folder: resolve(import.meta.dirname, '../../examples', name),
    args: ['--workers-mode', 'cluster', '--gateway', 'off', '--validation', 'off', '--workers-address', `127.0.0.1:${port}`, ...args],
    env: { PORT: String(port), WEB_CONCURRENCY: '2', WORKERS: '2', DATABASE_URL: undefined },
  })
  return { run, origin: `http://127.0.0.1:${port}` }
}

/** One request after the other. Puma itself drops one now and then when a worker ends; what no client may meet is a closed port. */
function askAgainAndAgain(port: number) {
  let goesOn = true
  let refused = 0
  const done = (async () => {
    for (let answered = 0; ; answered += 1) {
      if (!goesOn) return answered
      await ask({ tag: 'Tcp', host: '127.0.0.1', port }, '/').catch((error: Error & { code?: string }) => {
        if (error.code === 'ECONNREFUSED') refused += 1
      })
    }
  })()
  return {
    async stop() {
      goesOn = false
      return { answered: await done, refused }
    },
  }
}

test(
  "Puma's own cluster: past a memory limit and in a rolling restart its port stays open and other workers serve",
  { timeout: 120_000 },
  async () => {
    const { run, origin } = await startCluster('puma-pg', '--workers-memory-soft', '250MB')
    await using _ = run
    const { pid } = await run.fact('RunReady')
    const load = askAgainAndAgain(Number(new URL(origin).port))
    await (await fetch(`${origin}/leak?mb=400`)).text()
    expect(await run.fact('MemoryExceeded')).toMatchObject({ limit: 'soft', pid: expect.any(Number) })

    signalProcess(run.pid, 'SIGUSR1')
    expect(await run.fact('ClusterRestarted')).toMatchObject({ isReplaced: true })
    expect((await fetch(origin)).status).toBe(200)
    const { answered, refused } = await load.stop()
    expect(refused).toBe(0)
    expect(answered).toBeGreaterThan(10)
    expect(run.facts().filter(({ tag }) => tag === 'RunExited' || tag === 'ClusterWorkersEnded')).toEqual([])
    expect(run.facts().find(({ tag }) => tag === 'RunReady')).toMatchObject({ pid })
    await run.stopCleanly()
  },
)

test("Iodine's own cluster replaces its workers on a rolling restart, and keeps its port", { timeout: 120_000 }, async () => {
  const { run, origin } = await startCluster('iodine-pg')
  await using _ = run
  await run.fact('RunReady')
  signalProcess(run.pid, 'SIGUSR1')
  expect(await run.fact('ClusterRestarted')).toMatchObject({ isReplaced: true })
  expect((await fetch(origin)).status).toBe(200)
  expect(run.facts().filter(({ tag }) => tag === 'RunExited')).toEqual([])
  await run.stopCleanly()
})

test("a crash in one worker of Puma's own cluster is an incident, and costs the others nothing", { timeout: 120_000 }, async () => {
  const { run, origin } = await startCluster('puma-pg')
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
  const { refused, answered } = await load.stop()
  expect([refused, answered > 10]).toEqual([0, true])
  expect(run.facts().filter(({ tag }) => tag === 'RunExited' || tag === 'DegradationChanged')).toEqual([])
  expect(run.facts().filter(({ tag }) => tag === 'CrashConfirmed')).toHaveLength(2)
  await run.stopCleanly()
})
