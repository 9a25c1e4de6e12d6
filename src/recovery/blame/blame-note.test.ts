import { describe, expect, test } from 'vitest'
import { explainText } from '../../../test/support/crash-story.ts'

describe("a sanitizer's report", () => {
  test("means the gem whose source or file it shows first, below the sanitizer's own functions", () => {
    const log = [
      '==158==ERROR: AddressSanitizer: dynamic-stack-buffer-overflow on address 0xfffff510c860 at pc 0xffffb5e0c984',
      '    #0 0xffffb5e0c980 in __asan_memcpy (/gems/fuzzer-0.6.0/ext/asan_with_fuzzer.so+0x10c980)',
      '    #1 0xffff95c4ccc8 in to_gen /gems/mill-2.14.18/ext/mill/mill.c:723:5',
      '    #2 0xffffb59e6758 in vm_call_cfunc /usr/src/ruby/vm_insnhelper.c:3490:12',
    ].join('\n')
    expect(explainText(log)).toMatchObject({
      kind: 'abort',
      confidence: 'likely',
      culprit: { gem: 'mill', version: '2.14.18', function: 'to_gen', file: '/gems/mill-2.14.18/ext/mill/mill.c' },
    })
  })
})

describe('an error of a connection', () => {
  test.each([
    ['PG::UnableToSend: SSL SYSCALL error: EOF detected', 'pg'],
    ['PG::ConnectionBad: PQconsumeInput() SSL error: block cipher pad is wrong', 'pg'],
    ["Mysql2::Error: Commands out of sync; you can't run this command now", 'mysql2'],
    ['Redis::InheritedError: Tried to use a connection from a child process without reconnecting.', 'redis'],
  ])('belongs to the gem that raised it: %s', (line, gem) => {
    expect(explainText(`${line}\n`)).toMatchObject({ kind: 'other', culprit: { gem } })
    expect(explainText(`${line}\n`).causeId).toMatch(/FORK-SHARED$/)
  })

  test("is anybody's where only OpenSSL speaks", () => {
    expect(explainText('SSL_read: sslv3 alert bad record mac (OpenSSL::SSL::SSLError)\n').culprit).toBeNull()
  })
})

describe("an assertion of Ruby's own", () => {
  test('is an abort, with the report that follows', () => {
    const log = [
      'Assertion Failed: ractor.c:1312:ractor_select:taken_basket.type == none',
      'ruby 3.3.8 (2025-04-09 revision b200bad6cd) [x86_64-linux]',
      '-- Control frame information -----------------------------------------------',
      'c:0002 p:0007 s:0006 e:000005 BLOCK  <internal:ractor>:345 [FINISH]',
    ].join('\n')
    expect(explainText(log)).toMatchObject({ kind: 'abort' })
  })
})

test("glibc's own assertions blame no gem that is called like their source", () => {
  const line = "ruby: malloc.c:2379: sysmalloc: Assertion `(old_top == initial_top (av) && old_size == 0)' failed.\n"
  expect(explainText(line)).toMatchObject({ kind: 'abort', causeId: 'HEAP', culprit: null })
})
