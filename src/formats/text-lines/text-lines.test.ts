import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TextLines } from './text-lines.ts'

function read(chunks: readonly string[], maxLineBytes = 1_000): string[] {
  const lines = new TextLines(maxLineBytes)
  return [...chunks.flatMap((chunk) => lines.push(Buffer.from(chunk))), ...lines.end()]
}

test('gives the lines of a text, however it is cut', () => {
  const texts = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '\n', '\r', ' ') }), { maxLength: 30, size: 'max' })
  fc.assert(
    fc.property(texts, (chunks) => {
      const whole = chunks.join('').split('\n')
      if (whole.at(-1) === '') whole.pop()
      expect(read(chunks)).toEqual(whole.map((line) => line.replace(/\r$/, '')))
    }),
  )
})

test('gives the beginning of a line that is too long, once', () => {
  expect(read(['x'.repeat(50), 'x'.repeat(50), '\nshort\n'], 10)).toEqual(['x'.repeat(10), 'short'])
})
