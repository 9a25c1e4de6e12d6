import fc from 'fast-check'
import { expect } from 'vitest'
import type { Moment, Step } from '../../src/resilience/moment.ts'

export interface MachineUnderTest<State, Event, Effect> {
  readonly initial: State
  step(state: State, event: Event, moment: Moment): Step<State, Effect>
  dueAt(state: State): number | null
  readonly due: Event
}

export interface Happening<Event> {
  readonly event: Event
  readonly afterMs: number
  readonly random: number
}

export interface Scene<State, Event, Effect> {
  readonly before: State
  readonly event: Event
  readonly nowMs: number
  readonly after: Step<State, Effect>
}

/** Stories of up to `maxLength` events; `size: 'max'`, or fast-check would draw at most ten. */
export function storyOf<Event>(event: fc.Arbitrary<Event>, maxLength = 80, maxGapMs = 5_000): fc.Arbitrary<Happening<Event>[]> {
  const happening = fc.record({ event, afterMs: fc.nat(maxGapMs), random: fc.double({ min: 0, max: 0.999_999, noNaN: true }) })
  return fc.array(happening, { maxLength, size: 'max' })
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const inner of Object.values(value)) freeze(inner)
  }
  return value
}

/** Plays a story on frozen states. */
export function walk<State, Event, Effect>(
  machine: MachineUnderTest<State, Event, Effect>,
  story: readonly Happening<Event>[],
): Scene<State, Event, Effect>[] {
  let nowMs = 0
  let before = freeze(machine.initial)
  return story.map(({ event, afterMs, random }) => {
    nowMs += afterMs
    const after = machine.step(before, freeze(event), { nowMs, random })
    const scene = { before, event, nowMs, after }
    before = freeze(after.state)
    return scene
  })
}

/** Total and pure: never throws (on frozen input), and answers the same twice. */
export function expectPure<State, Event, Effect>(
  machine: MachineUnderTest<State, Event, Effect>,
  story: fc.Arbitrary<Happening<Event>[]>,
): void {
  fc.assert(
    fc.property(story, (happenings) => {
      expect(walk(machine, happenings)).toEqual(walk(machine, happenings))
    }),
  )
}

/** Honest alarm: `due` does nothing without or before `dueAt`, and something at it. */
export function expectHonestAlarm<State, Event, Effect>(
  machine: MachineUnderTest<State, Event, Effect>,
  story: fc.Arbitrary<Happening<Event>[]>,
): void {
  fc.assert(
    fc.property(story, (happenings) => {
      for (const { after, nowMs } of walk(machine, happenings)) {
        const dueMs = machine.dueAt(after.state)
        if (dueMs === null || dueMs > nowMs + 1) {
          const early = machine.step(after.state, machine.due, { nowMs: dueMs === null ? nowMs + 1e9 : dueMs - 1, random: 0.5 })
          expect(early).toEqual({ state: after.state, effects: [] })
        }
        if (dueMs !== null) {
          const onTime = machine.step(after.state, machine.due, { nowMs: Math.max(nowMs, dueMs), random: 0.5 })
          expect(onTime).not.toEqual({ state: after.state, effects: [] })
        }
      }
    }),
  )
}

/** Settles: after the story and `stop`, time alone (`dueAt`, again and again) reaches a state that `isEnd` accepts. */
export function expectSettles<State, Event, Effect>(
  machine: MachineUnderTest<State, Event, Effect>,
  story: fc.Arbitrary<Happening<Event>[]>,
  stop: Event,
  isEnd: (state: State) => boolean,
): void {
  fc.assert(
    fc.property(story, (happenings) => {
      const last = walk(machine, happenings).at(-1)
      let nowMs = last?.nowMs ?? 0
      let { state } = machine.step(last?.after.state ?? machine.initial, stop, { nowMs, random: 0.5 })
      for (let turns = 0; turns < 1_000 && !isEnd(state); turns += 1) {
        const dueMs = machine.dueAt(state)
        expect(dueMs).not.toBeNull()
        nowMs = Math.max(nowMs, dueMs ?? 0)
        ;({ state } = machine.step(state, machine.due, { nowMs, random: 0.5 }))
      }
      expect(isEnd(state)).toBe(true)
    }),
  )
}
