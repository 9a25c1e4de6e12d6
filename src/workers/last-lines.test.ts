import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LastLines } from './last-lines.ts'

test('keeps the last lines, however they are cut into chunks', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 12 }), { maxLength: 30, size: 'max' }), (chunks) => {
      const lines = new LastLines(4)
      for (const chunk of chunks) lines.push(Buffer.from(chunk.replaceAll('\r', '').replaceAll(/[^ -~\n]/g, '?')))
      const text = chunks
        .join('')
        .replaceAll('\r', '')
        .replaceAll(/[^ -~\n]/g, '?')
      const expected = text.split('\n')
      expect(lines.read()).toEqual((expected.at(-1) === '' ? expected.slice(0, -1) : expected).slice(-4))
    }),
  )
})

test('is bounded, whatever comes', () => {
  const lines = new LastLines(3)
  for (let chunk = 0; chunk < 50; chunk += 1) lines.push(Buffer.alloc(200_000, 'x'))
  lines.push(Buffer.from('\nlast\r\n'))
  expect(lines.read().map((line) => line.length)).toEqual([500, 4])
})
