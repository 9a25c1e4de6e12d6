import { expect, test } from 'vitest'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { LivingTroubles, troubleOf, type Trouble } from './living-troubles.ts'

const logger = "log writing failed. can't be called from trap context"
const deep = "app.rb:3:in `deep': stack level too deep (SystemStackError)"

function watch(): { readonly clock: ManualClock; readonly told: Trouble[]; readonly troubles: LivingTroubles } {
  const clock = new ManualClock()
  const told: Trouble[] = []
  return { clock, told, troubles: new LivingTroubles(clock, 1_000, (trouble) => void told.push(trouble)) }
}

test.each([
  [logger, 'trap-context'],
  [deep, 'stack'],
  ["a.rb:1:in `x': machine stack overflow in critical region (fatal)", 'stack'],
  ['[FATAL] failed to allocate memory', 'memory'],
  ['deadlock; recursive locking (ThreadError)', null],
])('%s', (line, trouble) => {
  expect(troubleOf(line)).toBe(trouble)
})

test('tells each trouble by itself, once the wait is over', () => {
  const { clock, told, troubles } = watch()
  troubles.see(logger)
  clock.turn(500)
  troubles.see(deep)
  troubles.see(logger)
  clock.turn(500)
  expect(told).toEqual(['trap-context'])
  clock.turn(500)
  expect(told).toEqual(['trap-context', 'stack'])
})

test('tells nothing more once it is stopped', () => {
  const { clock, told, troubles } = watch()
  troubles.see(logger)
  troubles.stop()
  clock.turn(5_000)
  expect(told).toEqual([])
})

test('tells at once what still waits when it is flushed, and not again', () => {
  const { clock, told, troubles } = watch()
  troubles.see(logger)
  troubles.flush()
  clock.turn(5_000)
  expect(told).toEqual(['trap-context'])
})

test('looks eight times at a trouble that comes again and again', () => {
  const { clock, told, troubles } = watch()
  for (let again = 0; again < 20; again += 1) {
    troubles.see(logger)
    clock.turn(1_000)
  }
  expect(told).toHaveLength(8)
})
