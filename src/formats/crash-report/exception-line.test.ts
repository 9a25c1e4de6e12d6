import { expect, test } from 'vitest'
import { readExceptionLine } from './exception-line.ts'

test.each([
  ['Iodine caught an unprotected exception - NoMemoryError: failed to allocate memory', 'NoMemoryError', 'failed to allocate memory', null],
  ['Iodine caught an unprotected exception - fatal: machine stack overflow in critical region', 'fatal', null, null],
  ["app.rb:7:in `deep': machine stack overflow in critical region (fatal)", 'fatal', null, 'app.rb'],
  ["a.rb:1:in `lock': can't be called from trap context (ThreadError)", 'ThreadError', "can't be called from trap context", 'a.rb'],
])('reads what a server or Ruby prints: %s', (line, className, message, file) => {
  const told = readExceptionLine(line)
  expect(told?.className).toBe(className)
  if (message !== null) expect(told?.message).toBe(message)
  expect(told?.frame?.file ?? null).toBe(file)
})

test('leaves what is the application’s business', () => {
  expect(readExceptionLine('Iodine caught an unprotected exception - KeyError: key not found: :id')).toBeNull()
})
