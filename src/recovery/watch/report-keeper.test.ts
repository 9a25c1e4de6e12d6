import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ReportKeeper } from './report-keeper.ts'

const chunks = fc.array(fc.uint8Array({ minLength: 1, maxLength: 200 }), { maxLength: 60, size: 'max' })

describe('what is kept of a run', () => {
  test('is everything, up to the bound', () => {
    const keeper = new ReportKeeper(1_000)
    keeper.push(Buffer.from('one\n'))
    keeper.push(Buffer.from('two\n'))
    expect(keeper.text().toString()).toBe('one\ntwo\n')
    expect(keeper.droppedBytes).toBe(0)
  })

  test('is bounded, keeps beginning and end, and counts the rest', () => {
    fc.assert(
      fc.property(chunks, fc.integer({ min: 2, max: 600 }), (parts, bound) => {
        const keeper = new ReportKeeper(bound)
        for (const part of parts) keeper.push(Buffer.from(part))
        const all = Buffer.concat(parts)
        const kept = keeper.text()
        const half = Math.floor(bound / 2)
        expect(kept.length + keeper.droppedBytes).toBe(all.length)
        expect(kept.length).toBeLessThanOrEqual(bound + 200)
        expect(kept.subarray(0, half).equals(all.subarray(0, half))).toBe(true)
        if (all.length > bound) expect(kept.subarray(-half).equals(all.subarray(-half))).toBe(true)
      }),
    )
  })

  test('drops what came long before a report first', () => {
    const keeper = new ReportKeeper(100)
    keeper.push(Buffer.from('x'.repeat(50)))
    keeper.push(Buffer.from('y'.repeat(50)))
    keeper.mark(10)
    keeper.push(Buffer.from('[BUG]'))
    expect(keeper.text().toString()).toBe(`${'y'.repeat(10)}[BUG]`)
    expect(keeper.droppedBytes).toBe(90)
  })
})
