import fc from 'fast-check'
import { expect } from 'vitest'
import { describeExhaustion } from '../../src/gateway/pool/describe-exhaustion.ts'
import type { Pool } from '../../src/gateway/pool/pool-state.ts'
import { modelProperty } from './cases.ts'
import { clientsOf, policies, worldOf } from './pool-plans.ts'
import { PoolWorld, type Scene } from './pool-world.ts'

const calm = {
  policy: policies.map((policy) => ({ ...policy, queueLimit: 1_000 })),
  clients: clientsOf({ patienceMs: fc.constant(100_000), givesUpMs: fc.constant(null) }),
  spells: fc.constant([]),
}

modelProperty(27, worldOf(calm), (world) => {
  const { checkAfterIdleMs, idleTimeoutMs, lifetimeMs, lifetimeJitter } = world.policy
  const played = new PoolWorld(world).play()
  /** When a connection was opened, and when it was last seen to live: it opened, or answered a check or a cleaning. */
  const openedMs = new Map<number, number>()
  const provedMs = new Map<number, number>()
  for (const { nowMs, event, effects, after } of played.scenes) {
    if (event.tag === 'Opened') openedMs.set(event.id, nowMs)
    if (event.tag === 'Opened' || event.tag === 'Proved') provedMs.set(event.id, nowMs)
    for (const effect of effects) {
      if (effect.tag !== 'Grant' && effect.tag !== 'Check') continue
      const ageMs = nowMs - (openedMs.get(effect.id) ?? -Infinity)
      // What is chosen is not past its age, and what is given has been seen to live not long ago.
      if (effect.tag === 'Check' || event.tag !== 'Proved') expect(ageMs).toBeLessThan(lifetimeMs)
      if (effect.tag === 'Grant') expect(nowMs - (provedMs.get(effect.id) ?? -Infinity)).toBeLessThanOrEqual(checkAfterIdleMs)
    }
    // Nothing grows old unused, and connections of one age don't all end at once.
    for (const { id, life } of after.members) {
      if (life.tag === 'Opening') continue
      const endMs = (openedMs.get(id) ?? -Infinity) + lifetimeMs
      expect(life.expiresMs).toBeLessThanOrEqual(endMs)
      expect(life.expiresMs).toBeGreaterThanOrEqual(endMs - lifetimeMs * lifetimeJitter - 0.001)
      if (life.tag !== 'Idle') continue
      expect(nowMs).toBeLessThanOrEqual(life.expiresMs)
      expect(nowMs).toBeLessThanOrEqual(life.sinceMs + idleTimeoutMs)
    }
  }
  // Whatever went stale on the way: each client was given a connection, at the latest when those before it had one and checks had ended.
  for (const { answers } of played.clients) expect(answers).toMatchObject([{ why: null }])
})

/** With room in the queue for as many as the server allows. */
const roomy = worldOf({ policy: policies.map((policy) => ({ ...policy, queueLimit: policy.queueLimit + 6 })) })

modelProperty(28, roomy, (world) => {
  const played = new PoolWorld(world).play()
  // A connection that was lost, or found unfit, is never given to anyone again.
  const gone = new Set<number>()
  for (const { event, effects } of played.scenes) {
    if (event.tag === 'Lost') gone.add(event.id)
    for (const effect of effects) {
      if (effect.tag === 'Grant' || effect.tag === 'Check') expect(gone.has(effect.id)).toBe(false)
      if (effect.tag === 'Close') gone.add(effect.id)
    }
  }
  for (const scene of played.scenes)
    for (const effect of scene.effects) if (effect.tag === 'Refuse') expectDiagnosis(scene, effect.database, world)
  // And it has been replaced: as many as ever can be had at the same time.
  const late = Array.from({ length: world.limit }, () =>
    played.ask({ atMs: 0, login: 0, patienceMs: 60_000, holdsMs: 70_000, givesUpMs: null, insists: false }),
  )
  played.turn(60_000)
  expect(new Set(late.map(({ answers }) => answers[0]?.granted ?? null)).size).toBe(world.limit)
  expect(late.every(({ answers }) => answers[0]?.why === null)).toBe(true)
})

const holderOf = (lease: number) => `worker 1 run 1 (lease ${lease}), idle in transaction for 1.0 s, connected for 2.0 s`

/** Each connection is counted once, in its state; each of the longest holders is named; and it stays short. */
function expectDiagnosis({ before, after }: Scene, database: string, { cap }: { readonly cap: number | null }): void {
  for (const pool of [before, after]) {
    const ofDatabase = database === 'cache' ? cap : null
    const [head = '', ...lines] = describeExhaustion({ pool, database, cap: ofDatabase, error: null, describe: holderOf })
    const [all, most, ...states] = [...head.matchAll(/\d+/g)].map(Number)
    const waiting = states.pop()
    expect({ all, most, waiting }).toEqual({ all: pool.members.length, most: pool.limit, waiting: pool.waiting.length })
    expect(states.reduce((sum, count) => sum + count, 0)).toBe(pool.members.length)
    expect(lines.some((line) => line.includes(`at most ${ofDatabase} of them to ${database}`))).toBe(ofDatabase !== null)
    expect(lines.some((line) => line.includes('no connection slot left'))).toBe(pool.full !== null)
    const named = lines.flatMap((line) => /lease (\d+)/.exec(line)?.[1] ?? []).map(Number)
    expect(named).toEqual(leasesOf(pool).slice(0, 20))
    expect(lines.length).toBeLessThanOrEqual(24)
  }
}

function leasesOf({ members }: Pool): number[] {
  return members.flatMap(({ life }) => (life.tag === 'Leased' ? [life.lease] : [])).sort((a, b) => a - b)
}
