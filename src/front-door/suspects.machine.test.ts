import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isClosedFor, noSuspects, stepSuspects, suspectsDueAt } from './suspects.machine.ts'
import type { Suspect, Suspects, SuspectsEffect, SuspectsEvent } from './suspects.machine.ts'

const policy = { suspectAloneMs: 1_000 }

const run = fc.integer({ min: 1, max: 4 })
const request = fc.integer({ min: 1, max: 12 })

/** What may happen next; requests and runs are few, so that events often mean something, and often come late. */
const happening = fc.record({
  afterMs: fc.nat(1_500),
  event: fc.oneof(
    fc.record({
      tag: fc.constant('Suspected' as const),
      count: fc.integer({ min: 1, max: 4 }),
      route: fc.constantFrom('GET /a', 'GET /b'),
      forMs: fc.nat(6_000),
    }),
    fc.record({ tag: fc.constantFrom('Booted' as const, 'Emptied' as const, 'Ended' as const), run }),
    fc.record({ tag: fc.constantFrom('Cleared' as const, 'Returned' as const), run, request }),
    fc.record({ tag: fc.constant('Left' as const), request }),
    fc.record({ tag: fc.constant('Due' as const) }),
    fc.record({ tag: fc.constant('Drain' as const) }),
  ),
})
const story = fc.array(happening, { maxLength: 80, size: 'max' })

interface Scene {
  readonly before: Suspects
  readonly event: SuspectsEvent
  readonly nowMs: number
  readonly state: Suspects
  readonly effects: readonly SuspectsEffect[]
}

function walk(happenings: readonly (typeof happening extends fc.Arbitrary<infer T> ? T : never)[]): Scene[] {
  let nowMs = 0
  let before = noSuspects
  let last = 0
  return happenings.map(({ afterMs, event: drawn }) => {
    nowMs += afterMs
    let event: SuspectsEvent
    if (drawn.tag === 'Suspected') {
      const suspects = Array.from({ length: drawn.count }, (): Suspect => ({
        request: ++last,
        route: drawn.route,
        deadlineMs: nowMs + drawn.forMs,
      }))
      event = { tag: 'Suspected', suspects }
    } else event = drawn
    const { state, effects } = stepSuspects(deepFreeze(before), event, { nowMs, random: 0 }, policy)
    const scene = { before, event, nowMs, state, effects }
    before = state
    return scene
  })
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(deepFreeze)
  return value
}

const tried = ({ lanes }: Suspects) => lanes.flatMap((lane) => ('tried' in lane ? [lane.tried.request] : []))
const waiting = ({ waiting }: Suspects) => waiting.map(({ request }) => request)

function told(name: string, check: (scene: Scene) => void): void {
  test(name, () => {
    fc.assert(
      fc.property(story, (happenings) => walk(happenings).forEach(check)),
      { numRuns: 500 },
    )
  })
}

describe('the list of suspects', () => {
  told('loses nobody: whoever leaves it is tried, told, cleared, gone with a run, or has left', ({ before, event, state, effects }) => {
    const here = new Set([...waiting(state), ...tried(state), ...effects.map(({ request }) => request)])
    for (const request of waiting(before)) if (event.tag !== 'Left' || event.request !== request) expect(here).toContain(request)
    expect(new Set(waiting(state)).size).toBe(state.waiting.length)
    for (const request of tried(state)) expect(waiting(state)).not.toContain(request)
  })

  told('tries a suspect only on a booted run that has just said it holds nothing', ({ before, event, effects }) => {
    const tries = effects.filter((effect) => effect.tag === 'Try')
    expect(tries.length).toBeLessThanOrEqual(1)
    for (const { run } of tries) {
      expect(event).toEqual({ tag: 'Emptied', run })
      expect(before.lanes.find((lane) => lane.run === run)?.tag).toBe('Vacating')
    }
  })

  told('takes the head of the list', ({ before, effects }) => {
    for (const effect of effects) if (effect.tag === 'Try') expect(effect.request).toBe(before.waiting[0]?.request)
  })

  told('keeps ordinary requests off a run from its try until the answer or the bound', ({ before, event, nowMs, state }) => {
    for (const lane of before.lanes) {
      if (lane.tag !== 'Alone' || !isClosedFor(before, lane.run) || isClosedFor(state, lane.run)) continue
      const answered =
        (event.tag === 'Cleared' || event.tag === 'Returned') && event.run === lane.run && event.request === lane.tried.request
      const ended = event.tag === 'Ended' && event.run === lane.run
      expect(answered || ended || (event.tag === 'Due' && lane.untilMs <= nowMs)).toBe(true)
    }
  })

  told('keeps no run closed when nobody waits, beyond the one being tried', ({ state }) => {
    if (state.waiting.length === 0) for (const lane of state.lanes) expect('tried' in lane).toBe(true)
  })

  told('has one lane a run', ({ state }) => {
    expect(new Set(state.lanes.map(({ run }) => run)).size).toBe(state.lanes.length)
  })

  told('lets nobody wait past the deadline once it is due', ({ event, nowMs, state, effects, before }) => {
    if (event.tag !== 'Due') return
    for (const { deadlineMs } of state.waiting) expect(deadlineMs).toBeGreaterThan(nowMs)
    const expired = before.waiting.filter(({ deadlineMs }) => deadlineMs <= nowMs).map(({ request }) => request)
    expect(effects).toEqual(expired.map((request) => ({ tag: 'Expire', request })))
  })

  told('names an instant whenever waiting alone must change it', ({ nowMs, state }) => {
    const dueMs = suspectsDueAt(state)
    const waits = state.waiting.length > 0 || state.lanes.some(({ tag }) => tag !== 'Beside')
    expect(dueMs !== null).toBe(waits)
    if (dueMs !== null)
      expect(stepSuspects(state, { tag: 'Due' }, { nowMs: Math.max(nowMs, dueMs), random: 0 }, policy).state).not.toEqual(state)
  })

  told('refuses everybody while draining, and takes nobody', ({ before, event, state, effects }) => {
    if (!before.draining) return
    expect(state.waiting).toEqual([])
    if (event.tag === 'Suspected') expect(effects).toEqual(event.suspects.map(({ request }) => ({ tag: 'Refuse', request })))
    expect(state.draining).toBe(true)
  })

  told('is not moved by a late word about a request that its run no longer holds', ({ before, event, state, effects }) => {
    if (event.tag !== 'Cleared' && event.tag !== 'Returned') return
    const lane = before.lanes.find(({ run }) => run === event.run)
    if (lane !== undefined && 'tried' in lane && lane.tried.request === event.request) return
    expect({ state, effects }).toEqual({ state: before, effects: [] })
  })

  test('puts routes that were suspected before, and not cleared, behind all others', () => {
    const at = (request: number, route: string): Suspect => ({ request, route, deadlineMs: 60_000 })
    const play = (events: readonly SuspectsEvent[]) =>
      events.reduce((state, event) => stepSuspects(state, event, { nowMs: 0, random: 0 }, policy).state, noSuspects)
    const first: SuspectsEvent[] = [
      { tag: 'Suspected', suspects: [at(1, 'GET /'), at(2, 'GET /segv')] },
      { tag: 'Booted', run: 1 },
      { tag: 'Emptied', run: 1 },
      { tag: 'Cleared', run: 1, request: 1 },
      { tag: 'Emptied', run: 1 },
      { tag: 'Ended', run: 1 },
    ]
    const state = play([...first, { tag: 'Suspected', suspects: [at(3, 'GET /segv'), at(4, 'GET /'), at(5, 'GET /db')] }])
    expect(waiting(state)).toEqual([4, 5, 3])
    const later = play([...first, { tag: 'Suspected', suspects: [at(3, 'GET /segv')] }, { tag: 'Suspected', suspects: [at(4, 'GET /')] }])
    expect(waiting(later)).toEqual([4, 3])
  })

  test('a run that stays busy is opened again and asked later, so that it does not stand idle', () => {
    const steps: [SuspectsEvent, number, string][] = [
      [{ tag: 'Suspected', suspects: [{ request: 1, route: 'r', deadlineMs: 60_000 }] }, 0, ''],
      [{ tag: 'Booted', run: 1 }, 0, 'Vacating'],
      [{ tag: 'Due' }, 999, 'Vacating'],
      [{ tag: 'Due' }, 1_000, 'Resting'],
      [{ tag: 'Emptied', run: 1 }, 1_500, 'Resting'],
      [{ tag: 'Due' }, 2_000, 'Vacating'],
      [{ tag: 'Emptied', run: 1 }, 2_100, 'Alone'],
      [{ tag: 'Due' }, 3_100, 'Beside'],
    ]
    let state = noSuspects
    for (const [event, nowMs, tag] of steps) {
      state = stepSuspects(state, event, { nowMs, random: 0 }, policy).state
      expect(state.lanes[0]?.tag ?? '').toBe(tag)
      expect(isClosedFor(state, 1)).toBe(tag === 'Vacating' || tag === 'Alone')
    }
  })
})
