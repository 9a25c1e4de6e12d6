import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bodyStep } from './body-walker.ts'
import { ChunkWalker } from './chunk-walker.ts'

/** Walks `text` in pieces of at most `piece` octets: the body, and where it ended, or why it is bad. */
function walk(text: string, piece: number, refuseExtensions = true): { body: string; end: number } | string {
  const walker = new ChunkWalker(refuseExtensions, 100)
  const bytes = Buffer.from(text, 'latin1')
  let body = ''
  for (let at = 0; at < bytes.length; at += piece) {
    walker.feed(at, Math.min(bytes.length, at + piece))
    for (let step = walker.next(bytes); step !== bodyStep.more; step = walker.next(bytes)) {
      if (step === bodyStep.bad) return walker.why
      if (step === bodyStep.end) return { body, end: walker.at }
      body += bytes.toString('latin1', walker.dataStart, walker.dataEnd)
    }
  }
  return 'unfinished'
}

describe('a chunked body', () => {
  test('is the same in whatever pieces it comes, and ends at its own last octet', () => {
    const chunk = fc.string({ minLength: 1, maxLength: 40 }).map((text) => Buffer.from(text).toString('latin1'))
    fc.assert(
      fc.property(
        fc.array(chunk, { maxLength: 12, size: 'max' }),
        fc.integer({ min: 1, max: 60 }),
        fc.boolean(),
        (chunks, piece, trailers) => {
          const coded = chunks.map((text) => `${text.length.toString(16)}\r\n${text}\r\n`).join('')
          const text = `${coded}0\r\n${trailers ? 'A: b\r\nC: d\r\n' : ''}\r\n`
          expect(walk(`${text}GET`, piece)).toEqual({ body: chunks.join(''), end: text.length })
        },
      ),
    )
  })

  test.each([
    ['an empty size', '\r\nabc'],
    ['a size that is no number', 'g\r\n'],
    ['a signed size', '+3\r\nabc\r\n'],
    ['a prefixed size', '0x3\r\nabc\r\n'],
    ['a bare line feed after the size', '3\nabc\r\n'],
    ['a bare line feed after the data', '3\r\nabc\n'],
    ['data longer than its size', '3\r\nabcd\r\n'],
    ['a size beyond all bounds', 'fffffffffffff\r\n'],
    ['an extension', '3;a=b\r\nabc\r\n'],
    ['white space after the size', '3 \r\nabc\r\n'],
    ['a control character in a trailer', '0\r\nA: \0\r\n\r\n'],
    ['trailers without end', `0\r\n${'A: b\r\n'.repeat(40)}\r\n`],
  ])('is refused for %s', (_, text) => {
    expect(typeof walk(text, 1_000)).toBe('string')
    expect(walk(text, 1_000)).not.toBe('unfinished')
  })

  test('loses its extensions where they are not refused', () => {
    expect(walk('3;a="b"\r\nabc\r\n0;x\r\n\r\n', 2, false)).toMatchObject({ body: 'abc' })
    expect(walk(`3;${'a'.repeat(200)}\r\nabc\r\n`, 1_000, false)).toContain('longer')
  })
})
