import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LastWords } from './last-words.ts'

function read(size: number, ...chunks: string[]): string[] {
  const words = new LastWords(size)
  for (const chunk of chunks) words.push(Buffer.from(chunk))
  return words.read()
}

test('keeps the last lines, each once, however they are cut into chunks', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 12 }), { maxLength: 30, size: 'max' }), (drawn) => {
      const chunks = drawn.map((chunk) => chunk.replaceAll(/[^ -9\n]/g, '?'))
      const lines = chunks
        .join('')
        .split('\n')
        .filter((line) => line.trim() !== '')
      const expected = lines.filter((line, at) => lines.lastIndexOf(line) === at).slice(-4)
      expect(read(4, ...chunks)).toEqual(expected)
    }),
  )
})

test('keeps a line that comes again once, where it came last', () => {
  expect(read(4, 'a\n', 'b\n', 'a\n', 'c\n')).toEqual(['b', 'a', 'c'])
  expect(read(4, 'error 1\n', 'b\n', 'error 1\n')).toEqual(['b', 'error 1'])
})

test("keeps an exception's message however long its backtrace is, and no frame of it", () => {
  const frames = Array.from({ length: 40 }, (_, at) => `\tfrom /gems/bundler/spec_set.rb:${at}:in \`block in materialize'\n`)
  const told =
    "/gems/bundler/definition.rb:524:in `materialize': Could not find bcrypt-3.1.20 in locally installed gems (Bundler::GemNotFound)"
  expect(read(20, `${told}\n`, ...frames)).toEqual([told])
  const loaded =
    "! Unable to load application: LoadError: cannot load such file -- boom\n/app/config.ru:1:in `require': cannot load such file -- boom (LoadError)\n"
  expect(read(20, loaded, "/app/config.ru:1:in `block in <main>'\n", '  File "/x/server.py", line 3, in <module>\n')).toEqual(
    loaded.trim().split('\n'),
  )
})

test('keeps of a Python traceback what it tells at its end', () => {
  const traceback =
    'Traceback (most recent call last):\n  File "<frozen runpy>", line 88, in _run_code\n  File "/x.py", line 1260, in test\n    with Server() as httpd:\n         ^^^^\nOSError: [Errno 98] Address already in use\n'
  expect(read(20, 'hello\n', traceback)).toEqual(['hello', 'OSError: [Errno 98] Address already in use'])
})

test('keeps the first lines that tell an error before the last ones, in one bound', () => {
  const chatter = Array.from({ length: 50 }, (_, at) => `line ${at}\n`)
  expect(read(4, 'start\n', '[BUG] Segmentation fault at 0x1\n', ...chatter)).toEqual([
    '[BUG] Segmentation fault at 0x1',
    'line 47',
    'line 48',
    'line 49',
  ])
  expect(read(2, 'error 1\nerror 2\nerror 3\n', ...chatter)).toEqual(['error 1', 'line 49'])
})

test('is bounded, whatever comes', () => {
  const words = new LastWords(3)
  for (let chunk = 0; chunk < 50; chunk += 1) words.push(Buffer.alloc(200_000, 'x'))
  words.push(Buffer.from('\nlast\r\n'))
  expect(words.read().map((line) => line.length)).toEqual([500, 4])
})
