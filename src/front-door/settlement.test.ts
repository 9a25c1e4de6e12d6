import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { causeOf, decideSettlement, type Held } from './settlement.ts'

const heldArbitrary: fc.Arbitrary<Held> = fc.record({
  sent: fc.boolean(),
  begun: fc.boolean(),
  repeatable: fc.boolean(),
  bodyHeld: fc.boolean(),
  deaths: fc.nat(2),
  deadlineMs: fc.nat(100),
  unwanted: fc.boolean(),
})

const safe: Held = { sent: true, begun: false, repeatable: true, bodyHeld: true, deaths: 0, deadlineMs: 100, unwanted: false }

describe('settling a request of a dead run', () => {
  test('repeats only what is safe, whole, unanswered, in time, not the cause, and for the first time', () => {
    fc.assert(
      fc.property(heldArbitrary, fc.boolean(), fc.boolean(), fc.nat(100), (held, isCause, draining, nowMs) => {
        const { settlement } = decideSettlement(held, isCause, draining, nowMs)
        const { sent, begun, repeatable, bodyHeld, deaths, deadlineMs, unwanted } = held
        const may = sent && !begun && repeatable && bodyHeld && deaths === 0 && nowMs < deadlineMs && !unwanted && !isCause && !draining
        expect(settlement === 'suspect').toBe(may)
      }),
      { numRuns: 2_000 },
    )
  })

  test.each<[string, Partial<Held>, boolean, boolean, string, string | null]>([
    ['nobody waits', { unwanted: true, sent: false }, false, false, 'client-gone', null],
    ['never sent', { sent: false, repeatable: false, deaths: 1 }, false, false, 'sent-elsewhere', null],
    ['never sent, while draining', { sent: false }, false, true, 'sent-elsewhere', null],
    ['begun', { begun: true }, true, false, 'cut', null],
    ['the cause', {}, true, false, 'failed', 'WORKER_DIED'],
    ['a second death', { deaths: 1 }, false, false, 'failed', 'WORKER_DIED'],
    ['not safe', { repeatable: false }, false, false, 'failed', 'WORKER_DIED'],
    ['body gone', { bodyHeld: false }, false, false, 'failed', 'WORKER_DIED'],
    ['too late', { deadlineMs: 10 }, false, false, 'failed', 'WORKER_DIED'],
    ['safe', {}, false, false, 'suspect', null],
    ['safe, while draining', {}, false, true, 'failed', 'STOPPING'],
    ['the cause, while draining', {}, true, true, 'failed', 'WORKER_DIED'],
  ])('%s', (_, part, isCause, draining, settlement, code) => {
    expect(decideSettlement({ ...safe, ...part }, isCause, draining, 10)).toEqual({ settlement, code })
  })

  test('blames a request only when nothing else was with the run', () => {
    fc.assert(
      fc.property(fc.array(heldArbitrary, { maxLength: 6, size: 'max' }), fc.boolean(), fc.boolean(), (held, killed, heldOtherThings) => {
        const sent = held.filter((one) => one.sent)
        const cause = causeOf(held, { killed, heldOtherThings })
        if (sent.length === 1 && !heldOtherThings && !(killed && sent[0]!.deaths === 0)) expect(held[cause]).toBe(sent[0])
        else expect(cause).toBe(-1)
      }),
    )
  })
})
