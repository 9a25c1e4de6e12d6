import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ManualClock } from '../../test/support/manual-clock.ts'
import { ChildDeaths, writerEndsWithinMs, type ChildCrash } from './child-deaths.ts'

function open() {
  const clock = new ManualClock()
  const crashes: ChildCrash[] = []
  const deaths = new ChildDeaths(clock, (crash) => void crashes.push(crash))
  deaths.started({ worker: 1, run: 7 })
  return { clock, crashes, deaths }
}

describe('the end of a worker that the server itself forked', () => {
  test('is a crash when its report came before', () => {
    const { clock, crashes, deaths } = open()
    deaths.ready(7)
    clock.turn(60_000)
    deaths.reported(7)
    clock.turn(writerEndsWithinMs - 1)
    deaths.ended({ run: 7, pids: [10] })
    expect(crashes).toEqual([{ worker: 1, run: 7, pid: 10, ready: true, uptimeMs: 60_000 + writerEndsWithinMs - 1 }])
  })

  test('is none without a report, nor with that of another run', () => {
    const { clock, crashes, deaths } = open()
    deaths.started({ worker: 2, run: 8 })
    deaths.ended({ run: 7, pids: [10] })
    deaths.reported(8)
    deaths.ended({ run: 7, pids: [11] })
    expect(crashes).toEqual([])
    clock.turn(writerEndsWithinMs)
    expect(crashes).toMatchObject([{ worker: 2, run: 8 }])
  })
})

describe('a report of a worker that the server itself forked', () => {
  test('is a crash as well when the end of its writer is never seen', () => {
    const { clock, crashes, deaths } = open()
    deaths.ended({ run: 7, pids: [10] })
    deaths.reported(7)
    clock.turn(writerEndsWithinMs - 1)
    expect(crashes).toEqual([])
    clock.turn(1)
    expect(crashes).toEqual([{ worker: 1, run: 7, pid: 0, ready: false, uptimeMs: writerEndsWithinMs }])
  })

  test('is told when its run ends as asked, and not when the run itself is what crashed', () => {
    const { clock, crashes, deaths } = open()
    deaths.reported(7)
    deaths.settle(7)
    expect(crashes).toHaveLength(1)
    deaths.reported(7)
    deaths.forget(7)
    clock.turn(writerEndsWithinMs)
    expect(crashes).toHaveLength(1)
    expect(clock.armed).toBe(0)
  })

  test('is told once, in whatever order and however far apart the facts come', () => {
    const step = fc.record({ fact: fc.constantFrom('report', 'end'), afterMs: fc.nat(2 * writerEndsWithinMs) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40, size: 'max' }), (steps) => {
        const { clock, crashes, deaths } = open()
        let expected = 0
        let openUntilMs: number | null = null
        for (const { fact, afterMs } of steps) {
          clock.turn(afterMs)
          const isOver = openUntilMs !== null && (fact === 'end' || clock.nowMs() >= openUntilMs)
          if (isOver) expected += 1
          if (isOver) openUntilMs = null
          if (fact === 'report') openUntilMs = clock.nowMs() + writerEndsWithinMs
          if (fact === 'report') deaths.reported(7)
          else deaths.ended({ run: 7, pids: [10] })
          expect(crashes).toHaveLength(expected)
        }
      }),
    )
  })
})
