import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ManualClock } from '../../test/support/manual-clock.ts'
import { BootGate } from './boot-gate.ts'

test('admits in the order of asking, so many at a time, and never two within the spacing', () => {
  const action = fc.record({
    tag: fc.constantFrom('ask' as const, 'done' as const, 'leave' as const),
    worker: fc.integer({ min: 1, max: 5 }),
    afterMs: fc.nat(80),
  })
  fc.assert(
    fc.property(fc.array(action, { maxLength: 100, size: 'max' }), fc.integer({ min: 1, max: 3 }), (actions, concurrent) => {
      const clock = new ManualClock()
      const gate = new BootGate(clock, concurrent, 50)
      const waiting: number[] = []
      const booting = new Set<number>()
      let lastMs = Number.NEGATIVE_INFINITY
      for (const { tag, worker, afterMs } of actions) {
        clock.turn(afterMs)
        if (tag === 'ask' && !waiting.includes(worker) && !booting.has(worker)) {
          waiting.push(worker)
          gate.ask(worker, () => {
            expect(worker).toBe(waiting.shift())
            expect(clock.nowMs() - lastMs).toBeGreaterThanOrEqual(50)
            booting.add(worker)
            expect(booting.size).toBeLessThanOrEqual(concurrent)
            lastMs = clock.nowMs()
          })
        }
        if (tag === 'done' && booting.delete(worker)) gate.done(worker)
        if (tag === 'leave' && waiting.includes(worker)) {
          waiting.splice(waiting.indexOf(worker), 1)
          gate.leave(worker)
        }
      }
      for (let round = 0; round < 6; round += 1) {
        const booted = [...booting]
        booting.clear()
        for (const worker of booted) gate.done(worker)
        clock.turn(50)
      }
      expect(waiting).toEqual([])
      expect(clock.armed).toBe(0)
    }),
  )
})

test('closed, it admits nobody and leaves no timer', () => {
  const clock = new ManualClock()
  const gate = new BootGate(clock, 3, 50)
  const admitted: number[] = []
  for (const worker of [1, 2]) gate.ask(worker, () => admitted.push(worker))
  gate.close()
  clock.turn(1_000)
  expect([admitted, clock.armed]).toEqual([[1], 0])
})
