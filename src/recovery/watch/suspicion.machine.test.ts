import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { expectHonestAlarm, expectPure, storyOf, walk, type MachineUnderTest } from '../../../test/support/machine-laws.ts'
import { quiet, stepSuspicion, suspicionDueAt, type Suspicion, type SuspicionEffect, type SuspicionEvent } from './suspicion.machine.ts'

const machine: MachineUnderTest<Suspicion, SuspicionEvent, SuspicionEffect> = {
  initial: quiet,
  step: (state, event, moment) => stepSuspicion(state, event, moment, { suspicionMs: 1_000 }),
  dueAt: suspicionDueAt,
  due: { tag: 'Due' },
}

const bugLine: SuspicionEvent = { tag: 'BugLine', line: 'a.rb:1: [BUG] x' }
const event = fc.constantFrom<SuspicionEvent>(bugLine, { tag: 'ReportGoesOn' }, { tag: 'Answered' }, { tag: 'Unanswered' }, { tag: 'Due' })
const story = storyOf(event)

function tagsAfter(...events: readonly SuspicionEvent[]): string[] {
  const scenes = walk(
    machine,
    events.map((event) => ({ event, afterMs: 1_000, random: 0 })),
  )
  return scenes.flatMap(({ after }) => after.effects.map(({ tag }) => tag))
}

describe('a suspicion', () => {
  test('is pure and total', () => expectPure(machine, story))
  test('has an honest alarm', () => expectHonestAlarm(machine, story))

  test('is confirmed by the next section of the report', () => {
    expect(tagsAfter(bugLine, { tag: 'ReportGoesOn' })).toEqual(['TellSuspected', 'TellConfirmed'])
  })

  test('is dismissed when the run goes on answering', () => {
    expect(tagsAfter(bugLine, { tag: 'Due' }, { tag: 'Answered' })).toEqual(['TellSuspected', 'AskRun', 'TellDismissed'])
  })

  test('is confirmed after all when the report goes on behind an answer: where several processes answer, another did', () => {
    expect(tagsAfter(bugLine, { tag: 'Due' }, { tag: 'Answered' }, { tag: 'ReportGoesOn' })).toEqual([
      'TellSuspected',
      'AskRun',
      'TellDismissed',
      'TellSuspected',
      'TellConfirmed',
    ])
  })

  test('is forgotten half a minute after an answer', () => {
    const scenes = walk(machine, [
      { event: bugLine, afterMs: 0, random: 0 },
      { event: { tag: 'Due' }, afterMs: 1_000, random: 0 },
      { event: { tag: 'Answered' }, afterMs: 0, random: 0 },
      { event: { tag: 'Due' }, afterMs: 30_000, random: 0 },
      { event: { tag: 'ReportGoesOn' }, afterMs: 0, random: 0 },
    ])
    expect(scenes.slice(-2).map(({ after }) => after)).toEqual([
      { state: quiet, effects: [] },
      { state: quiet, effects: [] },
    ])
  })

  test('stays while the run does not answer', () => {
    expect(tagsAfter(bugLine, { tag: 'Due' }, { tag: 'Unanswered' }, { tag: 'Due' })).toEqual(['TellSuspected', 'AskRun', 'AskRun'])
  })

  test('is never confirmed without a bug line, and never withdrawn once confirmed', () => {
    fc.assert(
      fc.property(story, (happenings) => {
        const told = walk(machine, happenings).flatMap(({ after }) => after.effects.map(({ tag }) => tag))
        const confirmed = told.indexOf('TellConfirmed')
        if (confirmed === -1) return
        expect(told.slice(0, confirmed)).toContain('TellSuspected')
        expect(told.slice(confirmed + 1)).toEqual([])
      }),
    )
  })

  test('leaves as often as it comes: suspected is confirmed or dismissed before it is told again', () => {
    fc.assert(
      fc.property(story, (happenings) => {
        let open = 0
        for (const { after } of walk(machine, happenings)) {
          for (const { tag } of after.effects) open += tag === 'TellSuspected' ? 1 : tag === 'AskRun' ? 0 : -1
          expect([0, 1]).toContain(open)
        }
      }),
    )
  })
})
