import fc from 'fast-check'
import { expect } from 'vitest'
import { modelProperty } from './cases.ts'
import { clientsOf, policies, worldOf } from './pool-plans.ts'
import { PoolWorld, type Attempt } from './pool-world.ts'

const everyone = clientsOf({
  patienceMs: fc.constant(60_000),
  givesUpMs: fc.constant(null),
  insists: fc.constant(true),
})
const troubled = worldOf({
  policy: policies.map((policy) => ({ ...policy, queueLimit: 1_000 })),
  clients: everyone,
  // One random number: so each wait is known to the millisecond.
  randoms: fc.double({ min: 0.2, max: 0.999_999, noNaN: true }).map((random) => [random]),
})

modelProperty(6, troubled, (world) => {
  const [random = 0] = world.randoms
  const { baseMs, capMs } = world.policy.backoff
  const waitMs = (fails: number) => Math.ceil(random * Math.min(capMs, baseMs * 2 ** (fails - 1)))
  const played = new PoolWorld(world).play()

  // An unreachable server: each wait is twice as long as the one before, up to the cap; the first after an outage is short again.
  let trips = 0
  let dueMs: number | null = null
  // A login that is refused, a server that is full: the same, for each login and for all of them, as long as somebody waits.
  const setbacks = new Map<string, Setback>()
  const underWay = new Set<Attempt>()
  const isForgotten = ({ whose, fails, endedMs }: Setback, beganMs: number) => {
    const from = played.scenes.findLastIndex(({ nowMs }) => nowMs <= endedMs + waitMs(fails))
    const between = played.scenes.slice(Math.max(0, from)).filter(({ nowMs }) => nowMs <= beganMs)
    return between.some(({ after }) => !after.waiting.some(({ key }) => whose === 'full' || key === whose))
  }
  for (const entry of played.order) {
    if ('turn' in entry) {
      const { atMs, state, retryInMs } = entry.turn
      if (state === 'half_open') expect(atMs).toBe(dueMs)
      if (state === 'closed') trips = 0
      if (state !== 'open') continue
      trips += 1
      expect(retryInMs).toBe(waitMs(trips))
      dueMs = atMs + waitMs(trips)
    } else if ('began' in entry) {
      const { of, beganMs } = entry.began
      if (of === 'probe') continue
      underWay.add(entry.began)
      for (const before of [setbacks.get(of), setbacks.get('full')]) {
        if (before === undefined) continue
        expect(beganMs).toBeGreaterThanOrEqual(before.endedMs + waitMs(before.fails))
        if (isForgotten(before, beganMs)) setbacks.delete(before.whose)
      }
    } else {
      underWay.delete(entry.ended)
      noteEnd(setbacks, entry.ended, underWay)
    }
  }

  // Nobody was told anything but the server's own refusal, and everybody was served in the end.
  const last = new Map(played.clients.map((client) => [client.plan, client]))
  for (const { answers } of played.clients) for (const { why } of answers) expect([null, 'login-refused']).toContain(why)
  for (const { answers } of last.values()) expect(answers).toMatchObject([{ why: null }])
})

interface Setback {
  readonly whose: string
  readonly fails: number
  readonly endedMs: number
  /** Attempts that had begun before: they say nothing new. */
  readonly underWay: ReadonlySet<Attempt>
}

/** Counts what failed though the server was there. */
function noteEnd(setbacks: Map<string, Setback>, attempt: Attempt, underWay: ReadonlySet<Attempt>): void {
  const { of, outcome, endedMs } = attempt
  if (outcome === 'connected') [of, 'full'].forEach((whose) => setbacks.delete(whose))
  if ((outcome !== 'refused' && outcome !== 'full') || endedMs === null) return
  const whose = outcome === 'full' ? 'full' : of
  const before = setbacks.get(whose)
  if (before?.underWay.has(attempt) === true) return
  setbacks.set(whose, { whose, fails: (before?.fails ?? 0) + 1, endedMs, underWay: new Set(underWay) })
}

modelProperty(9, worldOf(), (world) => {
  const { failuresToOpen } = world.policy
  const played = new PoolWorld(world).play()
  let breaker: { state: 'closed'; failures: number } | { state: 'open' } | { state: 'half_open'; probe: Attempt | null } = {
    state: 'closed',
    failures: 0,
  }
  /** What the breaker has to become now. */
  let due: 'open' | 'closed' | null = null
  /** Attempts that were let through since it last moved. */
  const current = new Set<Attempt>()
  for (const entry of played.order) {
    if ('turn' in entry) {
      const { state } = entry.turn
      expect(state).toBe(breaker.state === 'open' ? 'half_open' : due)
      breaker = state === 'open' ? { state } : state === 'closed' ? { state, failures: 0 } : { state, probe: null }
      due = null
      current.clear()
      continue
    }
    expect(due).toBe(null)
    if ('began' in entry) {
      // While it is open there is no attempt; while it is half open there is one, its own.
      expect(breaker.state).not.toBe('open')
      expect(entry.began.of === 'probe').toBe(breaker.state === 'half_open')
      if (breaker.state === 'half_open') {
        expect(breaker.probe).toBe(null)
        breaker = { ...breaker, probe: entry.began }
      }
      current.add(entry.began)
      continue
    }
    // An attempt from before doesn't count.
    if (!current.delete(entry.ended)) continue
    const isAway = entry.ended.outcome === 'unreachable'
    if (breaker.state === 'half_open') due = isAway ? 'open' : 'closed'
    if (breaker.state !== 'closed') continue
    breaker = { ...breaker, failures: isAway ? breaker.failures + 1 : 0 }
    if (breaker.failures >= failuresToOpen) due = 'open'
  }
  expect(due).toBe(null)
  // It finds by itself that the server is back.
  expect(played.breaker).toBe('closed')
})
