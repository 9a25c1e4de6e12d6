import { expect, test } from 'vitest'
import { readLastLine } from './read-last-line.ts'

test.each([
  [
    'bundler: command not found: iodine\nInstall missing gem executables with `bundle install`\n',
    'Install missing gem executables with `bundle install`',
  ],
  [
    'Traceback (most recent call last):\n  File "x"\nOSError: [Errno 98] Address already in use\n\n',
    'OSError: [Errno 98] Address already in use',
  ],
  ["a.rb:1:in `x': no\n\tfrom b.rb:2:in `y'\n", "a.rb:1:in `x': no"],
  ['\u001b[31mred\u001b[0m\u0007 end', 'red  end'],
  ['one\rtwo\r', 'two'],
])('of %j it is %j', (output, line) => {
  expect(readLastLine(Buffer.from(output))).toBe(line)
})

test('there is none where nothing was written', () => {
  expect(readLastLine(Buffer.from(' \n\t\n'))).toBeNull()
})

test('a line without an end is cut', () => {
  expect(readLastLine(Buffer.alloc(100_000, 'x'))).toBe('x'.repeat(300))
})
