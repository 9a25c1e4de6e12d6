import { describe, expect, test } from 'vitest'
import { isBugLine, readBugLine } from './bug-line.ts'

describe('a [BUG] line', () => {
  test.each([
    ['/srv/app.rb:12: [BUG] Segmentation fault at 0x0000000000000018', 'SEGV', '0x18', '/srv/app.rb', 12],
    ['[BUG] Segmentation fault at 0x0000000000000010', 'SEGV', '0x10', null, null],
    ['/gems/x/lib/x.so: [BUG] Bus Error at 0x00007f0000001000', 'BUS', '0x7f0000001000', '/gems/x/lib/x.so', null],
    ['-e:1: [BUG] Illegal instruction at 0x0', 'ILL', '0x0', '-e', 1],
    ['<internal:gc>:35: [BUG] try to mark T_NONE object', null, null, '<internal:gc>', 35],
    ['config.ru:3: [BUG] myext: impossible state', null, null, 'config.ru', 3],
    ['/home/My User/app/x.rb:1: [BUG] y', null, null, '/home/My User/app/x.rb', 1],
    ['bin/rails: [BUG] Aborted at 0x000003e900003ad9', 'ABRT', '0x3e900003ad9', 'bin/rails', null],
    ['C:/Ruby30/lib/x.rb:7: [BUG] Segmentation fault', 'SEGV', null, 'C:/Ruby30/lib/x.rb', 7],
    [`/${'long/'.repeat(50)}x[BUG] try to mark T_NONE object`, null, null, `/${'long/'.repeat(50)}x`, null],
  ])('is read in each of the forms that Ruby writes: %s', (text, signal, address, file, line) => {
    expect(readBugLine(text)).toMatchObject({ signal, address, file, line })
  })

  test.each([
    '[BUG] user clicked',
    'INFO: [BUG] x',
    '2026-11-25 10:00:00 ERROR: [BUG] Segmentation fault at 0x10',
    'I, [2026-11-25T10:00:00 #12]  INFO -- : [BUG] Segmentation fault at 0x0000000000000010',
    'Started GET /tickets: [BUG] is open',
    'app/x.rb:12 [BUG] no colon',
    '{"message":"/srv/app.rb:12: [BUG] Segmentation fault at 0x18"}',
    '[BUG]',
    '',
  ])('is not an ordinary log line that holds the word: %s', (text) => {
    expect(isBugLine(text)).toBe(false)
  })
})
