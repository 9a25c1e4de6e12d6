import { afterEach, describe, expect, test } from 'vitest'
import type { FakeRequest } from './testing/fake-worker.ts'
import { open, closeRigs } from './testing/open-rig.ts'
import { until, type Rig } from './testing/rig.ts'

afterEach(closeRigs)

/** Two workers that die of `/poison`: after `dieMs` (a crash report takes its time), told after `tellMs` more, each replaced 15 ms later, until the load is over. */
async function poisoned(dieMs: number, tellMs: number): Promise<{ rig: Rig; runs: { run: number; got: string[] }[]; finish: () => void }> {
  const rig = await open()
  const runs: { run: number; got: string[] }[] = []
  let over = false
  const boot = async () => {
    if (over) return
    const got: string[] = []
    const entry = { run: 0, got }
    runs.push(entry)
    let dying = false
    const { run, worker } = await rig.boot((request: FakeRequest) => {
      got.push(request.headers['x-tag'] ?? request.target)
      if (dying) return
      if (!request.target.startsWith('/poison')) return void setTimeout(() => request.reply('ok'), 2)
      dying = true
      setTimeout(() => worker.die(), dieMs)
      setTimeout(() => rig.kill(run), dieMs + tellMs)
      setTimeout(() => void boot(), dieMs + tellMs + 15)
    })
    entry.run = run
  }
  await boot()
  await boot()
  return { rig, runs, finish: () => void (over = true) }
}

describe('a load with poison in it', () => {
  test.each([
    [0, 0],
    [20, 0],
    [0, 20],
    [20, 20],
  ])('costs no other safe request, executes none that is not safe twice, and blames each poison (%i, %i ms)', async (dieMs, tellMs) => {
    const { rig, runs, finish } = await poisoned(dieMs, tellMs)
    let poisons = 0
    let stop = false
    const failed: unknown[] = []
    const ledger = new Map<string, number>()
    const client = async (name: string) => {
      for (let count = 0; !stop; count++) {
        const id = `${name}-${count}`
        const writes = count % 5 === 4
        const answer = await rig.ask('/', { method: writes ? 'POST' : 'GET', headers: { 'X-Tag': id } })
        const status = 'status' in answer ? answer.status : 0
        if (writes) ledger.set(id, status)
        else if (status !== 200) failed.push(answer)
      }
    }
    const clients = Array.from({ length: 8 }, (_, index) => client(`c${index}`))
    const outcomes: unknown[] = []
    for (; poisons < 12; poisons++) outcomes.push(await rig.ask(`/poison?id=${poisons}`))
    stop = true
    await Promise.all(clients)
    finish()

    expect(failed).toEqual([])
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({ status: 502, headers: { 'x-bezel-incident': expect.stringMatching(/^incident-/) } })
    const executed = runs.flatMap(({ got }) => got)
    for (const [id, status] of ledger) {
      const times = executed.filter((tag) => tag === id).length
      expect(times).toBeLessThanOrEqual(1)
      if (status === 200) expect(times).toBe(1)
    }
    for (let id = 0; id < poisons; id++) expect(executed.filter((tag) => tag === `/poison?id=${id}`).length).toBeLessThanOrEqual(2)
    const facts = rig.facts.filter((fact) => fact.tag === 'RunSettled')
    await until(() => rig.door.heldBy(runs.at(-1)!.run) === 0)
    // The last word on each poison is that it was alone, and the cause.
    const causes = facts.filter(
      ({ cause, requests }) => cause !== null && requests.some(({ id, path }) => id === cause && path === '/poison'),
    )
    expect(causes).toHaveLength(poisons)
    // No innocent is ever called a cause.
    expect(facts.filter(({ cause }) => cause !== null)).toHaveLength(poisons)
    expect(rig.door.snapshot()).toMatchObject({ heldBodyBytes: 0, requests: { suspected: 0, waiting: 0 } })
  })
})
