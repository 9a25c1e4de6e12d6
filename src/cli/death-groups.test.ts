import { expect, test } from 'vitest'
import { explainLog, type ExplainedEvent } from '../recovery/blame/explain-log.ts'
import { DeathGroups } from './death-groups.ts'

const { main: explanation } = explainLog([], { exitStatus: { code: 1, signal: null } })
const death = (loggedAt: string | null, atLine = 7): ExplainedEvent => ({ explanation, atLine, loggedAt })
const at = '2026-11-25T10:00:00Z'

function count(logs: readonly (readonly [path: string, head: string, deaths: readonly ExplainedEvent[]])[]): number {
  const groups = new DeathGroups()
  for (const [path, head, deaths] of logs) {
    const log = groups.log({ path, writtenAt: null, inFolder: true })
    log.push(Buffer.from(head))
    for (const each of deaths) log.add(each)
  }
  return groups.sorted()[0]?.count ?? 0
}

test('a copy of a log adds no death, whatever its name', () => {
  expect(
    count([
      ['a.log', 'x', [death(at)]],
      ['copy/a.log.1.gz', 'x', [death(at)]],
    ]),
  ).toBe(1)
})

test('a copy that grew adds what is new', () => {
  expect(
    count([
      ['a.log', 'x', [death(at)]],
      ['b.log', 'x', [death(at), death('2026-11-25T11:00:00Z', 9)]],
    ]),
  ).toBe(2)
})

test('deaths of one log at several lines are several, and so are those of other logs', () => {
  expect(
    count([
      ['a.log', 'x', [death(at), death(at, 9)]],
      ['b.log', 'y', [death(at)]],
    ]),
  ).toBe(3)
})

test('without times only a compressed copy of the same name is one', () => {
  expect(
    count([
      ['a.log', 'x', [death(null)]],
      ['a.log.gz', 'x', [death(null)]],
      ['b.log', 'x', [death(null)]],
    ]),
  ).toBe(2)
})
