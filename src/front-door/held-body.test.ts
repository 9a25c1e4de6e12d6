import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { HeldBody } from './held-body.ts'

describe('a held body', () => {
  test('is what was added, in few chunks, and is counted until it is let go', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 6_000, size: 'max' }), { maxLength: 60, size: 'max' }), (pieces) => {
        const held = { total: 5 }
        const body = new HeldBody(held)
        for (const piece of pieces) body.add(Buffer.from(piece))
        const all = Buffer.concat(pieces)
        expect(Buffer.concat(body.chunks).equals(all)).toBe(true)
        expect(held.total).toBe(5 + all.length)
        expect(body.length).toBe(all.length)
        body.release()
        body.release()
        expect(held.total).toBe(5)
        expect(body.whole).toBe(false)
      }),
    )
  })

  test('that comes octet by octet is held in few chunks', () => {
    const body = new HeldBody({ total: 0 })
    for (let count = 0; count < 100_000; count++) body.add(Buffer.from([count & 0xff]))
    expect(body.chunks.length).toBeLessThan(20)
  })
})
