import fc from 'fast-check'
import { expect } from 'vitest'
import { modelProperty } from './cases.ts'
import { excess, queuedIn, waitsForNothing } from './pool-laws.ts'
import { clientsOf, logins, policies, worldOf } from './pool-plans.ts'
import { PoolWorld } from './pool-world.ts'

modelProperty(5, worldOf(), (world) => {
  const played = new PoolWorld(world).play()
  for (const { askedMs, untilMs, gaveUp, answers } of played.clients) {
    // One answer, by the deadline; who went away unanswered gets none.
    expect(answers).toHaveLength(gaveUp ? 0 : 1)
    for (const { atMs, why } of answers) {
      expect(atMs).toBeLessThanOrEqual(untilMs)
      if (why === 'deadline') expect(atMs).toBe(untilMs)
      if (why === 'queue-full') expect(atMs).toBe(askedMs)
    }
  }
  for (const scene of played.scenes) {
    expect(excess(scene, world)).toBe(0)
    // Only a queue that is full of clients without anything on its way turns one away.
    const { event, before, after, effects } = scene
    if (event.tag !== 'Asked') continue
    const isTurnedAway = effects.some((effect) => effect.tag === 'Refuse' && effect.why === 'queue-full')
    if (isTurnedAway) expect(queuedIn(before)).toBeGreaterThanOrEqual(world.policy.queueLimit)
    if (after.waiting.some(({ lease }) => lease === event.lease)) expect(queuedIn(after)).toBeLessThanOrEqual(world.policy.queueLimit)
  }
  // Exhaustion leaves nothing behind: whoever comes afterwards is served.
  for (const login of logins.keys()) {
    const late = played.ask({ atMs: 0, login, patienceMs: 60_000, holdsMs: 0, givesUpMs: null, insists: false })
    played.turn(70_000)
    expect(late.answers).toMatchObject([{ why: null }])
  }
  expect(played.pool.waiting).toEqual([])
  expect(played.pool.members.filter(({ life }) => life.tag !== 'Idle')).toEqual([])
})

/** More clients than connections, and nothing that goes wrong. */
const crowd = worldOf({
  policy: policies.map((policy) => ({ ...policy, queueLimit: 1_000, checkAfterIdleMs: 1_000_000 })),
  clients: clientsOf({ patienceMs: fc.constant(200_000) }),
  spells: fc.constant([]),
  harms: fc.constant([]),
})

modelProperty(7, crowd, (world) => {
  const played = new PoolWorld(world).play()
  // However many come at once: nobody is refused, and those with one login are served in the order in which they came.
  for (const { key } of logins) {
    const own = played.clients.filter(({ plan }) => logins[plan.login]?.key === key)
    const stayed = own.filter(({ gaveUp }) => !gaveUp)
    expect(stayed.flatMap(({ answers }) => answers.map(({ why }) => why))).toEqual(stayed.map(() => null))
    const leases = new Set(own.map(({ lease }) => lease))
    const order = played.scenes.flatMap(({ effects }) =>
      effects.flatMap((e) => (e.tag === 'Grant' && leases.has(e.lease) ? [e.lease] : [])),
    )
    expect(order).toEqual(stayed.map(({ lease }) => lease))
  }
})

modelProperty(7, worldOf(), (world) => {
  // Whatever goes wrong: nobody waits for what is there.
  const played = new PoolWorld(world).play()
  for (const scene of played.scenes) expect(waitsForNothing(scene, world)).toEqual([])
})
