import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { expectHonestAlarm, expectPure, expectSettles, storyOf, walk, type MachineUnderTest } from '../../test/support/machine-laws.ts'
import {
  dataPlaneDueAt,
  dataPlaneLifeDefaults,
  idleDataPlane,
  stepDataPlane,
  type DataPlaneLife,
  type DataPlaneLifeEffect,
  type DataPlaneLifeEvent,
} from './data-plane.machine.ts'

const machine: MachineUnderTest<DataPlaneLife, DataPlaneLifeEvent, DataPlaneLifeEffect> = {
  initial: idleDataPlane,
  step: (state, event, moment) => stepDataPlane(state, event, moment, dataPlaneLifeDefaults),
  dueAt: dataPlaneDueAt,
  due: { tag: 'Due' },
}

const event: fc.Arbitrary<DataPlaneLifeEvent> = fc.oneof(
  fc.constant<DataPlaneLifeEvent>({ tag: 'Start' }),
  { weight: 6, arbitrary: fc.record({ tag: fc.constant('Died' as const), era: fc.integer({ min: 1, max: 8 }) }) },
  { weight: 4, arbitrary: fc.constant<DataPlaneLifeEvent>({ tag: 'Due' }) },
)
const story = storyOf(event, 60, 3_000)
const start = { event: { tag: 'Start' } as const, afterMs: 0, random: 0 }

describe('the data plane', () => {
  test('is pure and total', () => expectPure(machine, story))
  test('has an honest alarm', () => expectHonestAlarm(machine, story))
  test('settles', () => expectSettles(machine, story, { tag: 'Stop' }, (state) => state.tag === 'Ended'))

  test('numbers its eras without a gap', () => {
    fc.assert(
      fc.property(story, (happenings) => {
        const eras = walk(machine, [start, ...happenings]).flatMap(({ after }) => after.effects.map(({ era }) => era))
        expect(eras).toEqual(eras.map((_, index) => index + 1))
      }),
    )
  })

  test('is replaced at once when it dies', () => {
    const scenes = walk(machine, [start, { event: { tag: 'Died', era: 1 }, afterMs: 5_000, random: 0.9 }])
    expect(scenes.at(-1)?.after.effects).toEqual([{ tag: 'Spawn', era: 2 }])
  })

  test('waits when it dies young again and again', () => {
    const died = (era: number) => ({ event: { tag: 'Died' as const, era }, afterMs: 10, random: 0.9 })
    const scenes = walk(machine, [start, died(1), died(2), died(3)])
    expect(scenes.map(({ after }) => after.state.tag)).toEqual(['Running', 'Running', 'Waiting', 'Waiting'])
  })

  test('is not moved by the death of an earlier era', () => {
    fc.assert(
      fc.property(story, (happenings) => {
        for (const { before, event, after } of walk(machine, [start, ...happenings])) {
          if (event.tag === 'Died' && before.tag === 'Running' && event.era !== before.era)
            expect(after).toEqual({ state: before, effects: [] })
        }
      }),
    )
  })
})
