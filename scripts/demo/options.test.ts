import { expect, test } from 'vitest'
import { readOptions } from './options.ts'

test('without words the demo is on port 3000 of this machine', () => {
  expect(readOptions([])).toEqual({ help: false, tour: false, json: false, host: '127.0.0.1', port: 3000 })
})

test.each([
  [['--tuor'], /--tuor/],
  [['--port', 'abc'], /from 1 to 65535, not 'abc'/],
  [['--port', '0'], /from 1 to 65535/],
  [['--port', '65536'], /from 1 to 65535/],
  [['extra'], /extra/],
])('%j is refused with what is wrong', (words, said) => {
  expect(() => readOptions(words)).toThrow(said)
})
