import { expect, test } from 'vitest'
import type { BezelEvent } from '../../../src/events.ts'
import { millisecondsUntilFull } from './until-full.ts'

const at = (ms: number, tag: 'RunReady' | 'RunExited', run: number) =>
  JSON.parse(JSON.stringify({ tag, run, time: new Date(ms).toISOString() })) as BezelEvent

const story = [at(0, 'RunReady', 1), at(1, 'RunReady', 2), at(10, 'RunExited', 1), at(50, 'RunReady', 3), at(60, 'RunExited', 3)]

test('the time runs from the first end to the last run that was missing', () => {
  expect(millisecondsUntilFull([...story, at(90, 'RunReady', 4)], [1, 3], 2)).toBe(80)
})

test('that all were ready between two deaths of one request does not count', () => {
  expect(millisecondsUntilFull(story, [1, 3], 2)).toBeNull()
})

test('ends of other runs do not start the time', () => {
  expect(millisecondsUntilFull([...story, at(90, 'RunReady', 4)], [3], 2)).toBe(30)
})
