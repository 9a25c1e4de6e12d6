import { describe, expect, test } from 'vitest'
import { onlyReport, read } from '../../../test/support/read-findings.ts'
import { readGdbFrame } from './gdb-frame.ts'

const lines = (...all: readonly string[]): string => `${all.join('\n')}\n`

describe('a frame of gdb', () => {
  test.each([
    ['#0  0x00007f2a in __kill ()', { library: null, symbol: '__kill', address: '0x7f2a', source: null }],
    ['#2  tide_do (argv=<optimized out>) at tide.c:175', { library: null, symbol: 'tide_do', address: null, source: 'tide.c:175' }],
    ['#3  0x00007f2a in ?? () from /lib/libtide.so', { library: '/lib/libtide.so', symbol: null, address: '0x7f2a', source: null }],
    ['#4  <signal handler called>', { library: null, symbol: '<signal handler called>', address: null, source: null }],
    ['#5  0x2a in ebb (s=0x1 "at sea.c:9 ") at C:\\x\\tide.c:9', { symbol: 'ebb', source: 'C:\\x\\tide.c:9' }],
  ])('%s', (line, frame) => {
    expect(readGdbFrame(line)?.frame).toMatchObject(frame)
  })

  test.each(['#12 0.490 Installing tide 1.2.0', '#<Tide (3)>', '#0 /srv/tide.rb(12): ebb()', '# comment (old)'])('%s is none', (line) => {
    expect(readGdbFrame(line)).toBeNull()
  })
})

describe('a backtrace of gdb', () => {
  const stop = 'Thread 1 "ruby" received signal SIGSEGV, Segmentation fault.'
  const frames = [
    '#0  0x00007f2a in rb_ary_push ()',
    '   from /usr/lib/libruby.so.3.1',
    '#1  0x00007f2b in ebb (x=1) from /srv/gems/tide-1.2.0/lib/tide.so',
  ]

  test('is a report with the signal that the debugger told, places in the next line included', () => {
    const told = onlyReport(read(lines(stop, '0x00007f2a in rb_ary_push ()', '(gdb) bt', ...frames)))
    expect(told.header).toMatchObject({ signal: 'SEGV', message: 'received signal SIGSEGV, Segmentation fault.' })
    expect(told.cFrames).toMatchObject([
      { library: '/usr/lib/libruby.so.3.1', symbol: 'rb_ary_push' },
      { library: '/srv/gems/tide-1.2.0/lib/tide.so', symbol: 'ebb' },
    ])
  })

  test('of a program that is no Ruby is no report', () => {
    const found = read(
      lines(stop.replace('ruby', 'tide'), '#0  0x00007f2a in ebb () from /usr/lib/libtide.so', '#1  0x00007f2b in main ()'),
    )
    expect(found.filter(({ tag }) => tag === 'CrashReport')).toEqual([])
  })

  test("beside Ruby's own C frames adds none, and its second thread adds none to the first", () => {
    const own = ['-- C level backtrace information ---', '/srv/gems/tide-1.2.0/lib/tide.so(ebb+0x1a) [0x7f0c7d1c4caa]']
    expect(onlyReport(read(lines(...own, ...frames))).cFrames).toHaveLength(1)
    expect(onlyReport(read(lines(stop, ...frames, ...frames))).cFrames).toHaveLength(2)
  })
})
