import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { frame } from './field.ts'
import { clientMessage, serverMessage } from './message-types.ts'
import { chunkEnd, malformed, MessageWalker } from './message-walker.ts'
import { clientRules, serverRules, type WalkRules } from './walk-rules.ts'

interface Seen {
  readonly type: number
  readonly whole: boolean
  readonly body: string
  /** Where it ends in the stream. */
  readonly at: number
}

/** Walks a stream that comes in these chunks. */
function walk(stream: Buffer, cuts: readonly number[], rules: WalkRules): { seen: Seen[]; walker: MessageWalker; last: number } {
  const walker = new MessageWalker(rules)
  const borders = [...new Set([...cuts.map((cut) => cut % (stream.length + 1)), stream.length])].sort((a, b) => a - b)
  const seen: Seen[] = []
  let from = 0
  let last = chunkEnd
  for (const to of borders) {
    walker.feed(stream.subarray(from, to))
    let covered = 0
    for (last = walker.next(); last > chunkEnd; last = walker.next()) {
      expect(walker.from).toBe(covered)
      covered = walker.to
      seen.push({ type: last, whole: walker.whole, body: walker.buffer.toString('latin1', walker.start, walker.end), at: from + walker.to })
    }
    from = to
  }
  return { seen, walker, last }
}

const kept = 64
const cuts = fc.array(fc.nat(4_000), { maxLength: 40, size: 'max' })

function messages(types: Readonly<Record<string, number>>) {
  const message = fc.record({ type: fc.constantFrom(...Object.values(types)), body: fc.uint8Array({ maxLength: 300, size: 'max' }) })
  return fc.array(message, { maxLength: 12, size: 'max' })
}

describe('a walker', () => {
  test.each([
    ['clients', clientMessage, clientRules(kept)],
    ['servers', serverMessage, serverRules(kept)],
  ])('finds the messages of %s, wherever chunks end', (_whose, types, rules) => {
    fc.assert(
      fc.property(messages(types), cuts, (list, cuts) => {
        const stream = Buffer.concat(list.map(({ type, body }) => frame(type, Buffer.from(body))))
        const { seen, walker, last } = walk(stream, cuts, rules)
        expect(last).toBe(chunkEnd)
        expect(walker.inMessage).toBe(false)
        expect(seen.length).toBe(list.length)
        let at = 0
        list.forEach(({ type, body }, index) => {
          at += 5 + body.length
          const text = Buffer.from(body).toString('latin1')
          expect(seen[index]).toMatchObject({ type, at })
          if (seen[index]!.whole) expect(seen[index]!.body).toBe(text)
          else expect(text.startsWith(seen[index]!.body)).toBe(true)
          if (rules.kept[type] === 1 && body.length + 4 <= kept) expect(seen[index]!.whole).toBe(true)
        })
      }),
      { numRuns: 500 },
    )
  })

  test('gives the first bytes of a message that is too long to be kept', () => {
    const bytes = frame(clientMessage.Bind, Buffer.from('portal\0statement\0'), Buffer.alloc(5_000))
    const { seen } = walk(bytes, [3, 9, 100, 4_000], clientRules(kept))
    expect(seen).toMatchObject([{ type: clientMessage.Bind, whole: false }])
    expect(seen[0]!.body.startsWith('portal\0statement\0')).toBe(true)
  })

  test('never throws, and stops for ever at what is not the protocol', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200, size: 'max' }), cuts, (bytes, cuts) => {
        const { walker, last } = walk(Buffer.from(bytes), cuts, clientRules(kept))
        if (last !== malformed) return
        expect(walker.fault).not.toBe('')
        for (const good of [frame(clientMessage.Sync), Buffer.alloc(0)]) {
          walker.feed(good)
          expect(walker.next()).toBe(malformed)
        }
      }),
      { numRuns: 2_000 },
    )
  })

  test.each([
    ['an unknown type', Buffer.from([0x7e, 0, 0, 0, 4]), "unknown message type '~'"],
    ['a length under 4', Buffer.from([0x51, 0, 0, 0, 3]), "length 3 of a message of type 'Q'"],
    ['a length past PostgreSQL’s largest', Buffer.from([0x51, 0x7f, 0xff, 0xff, 0xff]), "length 2147483647 of a message of type 'Q'"],
    ['a negative length', Buffer.from([0x51, 0xff, 0xff, 0xff, 0xff]), "length 4294967295 of a message of type 'Q'"],
    ['a Sync of 11 kB', Buffer.from([0x53, 0, 0, 0x2b, 0]), "length 11008 of a message of type 'S'"],
  ])('refuses %s, also byte by byte', (_what, bytes, fault) => {
    for (const cuts of [[], [1, 2, 3, 4]]) {
      const { walker, last } = walk(bytes, cuts, clientRules(kept))
      expect(last).toBe(malformed)
      expect(walker.fault).toBe(fault)
    }
  })

  test('takes no memory for a length that was only announced', () => {
    const before = process.memoryUsage().arrayBuffers
    const walkers = Array.from({ length: 200 }, () => {
      const walker = new MessageWalker(clientRules(0x3000_0000))
      walker.feed(Buffer.from([0x51, 0x2f, 0xff, 0xff, 0xff, 0x41]))
      walker.next()
      return walker
    })
    expect(walkers.every((walker) => walker.inMessage && walker.unfinished === clientMessage.Query)).toBe(true)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10_000_000)
  })
})
