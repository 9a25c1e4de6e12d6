import { expect, test } from 'vitest'
import { readUncaught } from './read-uncaught.ts'

test.each([
  [
    "boot.rb:3:in `<main>': undefined local variable or method `x' for main:Object (NameError)\n",
    "NameError: undefined local variable or method `x' for main:Object",
  ],
  ["/srv/app.rb:9:in 'Foo#bar': no such thing (App::Broken)\n\tfrom /srv/app.rb:12:in '<main>'\n", 'App::Broken: no such thing'],
  ["a.rb:1:in `x': first (KeyError)\n\tfrom a.rb:2:in `y'\na.rb:5:in `z': second (IOError)\n", 'IOError: second'],
  ['app.rb:1: unterminated string meets end of file (SyntaxError)\n', 'SyntaxError: unterminated string meets end of file'],
  ['GET /users (index) 200\nStarted (Puma)\n', null],
  ['', null],
])('of %j is told what nobody rescued', (text, told) => {
  expect(readUncaught(Buffer.from(text))).toBe(told)
})

test('only the end is looked at, in one go', () => {
  expect(readUncaught(Buffer.from("a.rb:1:in `x': first (KeyError)\n" + 'x:1: '.repeat(200_000)))).toBeNull()
})
