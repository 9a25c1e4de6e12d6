import { describe, expect, test } from 'vitest'
import { deathsIn, explainText, gem, report, ruby } from '../../../test/support/crash-story.ts'

describe('a C frame', () => {
  test('of a file that bears no path and no known name is only suspected, whatever it resembles', () => {
    const abort = '(irb):2: [BUG] object allocation during garbage collection phase'
    const c = ['5   ruby   0x0000000107339e44 rb_gc_stat + 72', '6   watcher.bundle   0x0000000107a28c1d on_gc + 157']
    expect(explainText(report({ header: abort, c, handler: 'rb_bug' }))).toMatchObject({
      kind: 'abort',
      confidence: 'suspected',
      culprit: { gem: 'watcher' },
    })
  })

  test('of a file known by name alone is likely', () => {
    expect(explainText(report({ c: ['4   nokogiri.bundle   0x0000000109a7e1d2 xmlFreeNode + 30'] }))).toMatchObject({
      confidence: 'likely',
      culprit: { gem: 'nokogiri' },
    })
  })

  test("on Windows is read with the system's own separators", () => {
    const frames = [
      '-- C level backtrace information ---',
      'C:\\Windows\\SYSTEM32\\ntdll.dll(ZwWaitForSingleObject+0x14) [0x00007fffbde8d064]',
      'C:\\Ruby32-x64\\bin\\x64-ucrt-ruby320.dll(rb_vm_bugreport+0x256) [0x00007fff7eec2ee6]',
      'C:\\Windows\\SYSTEM32\\ntdll.dll(KiUserExceptionDispatcher+0x2e) [0x00007fffbde90ebe]',
      'C:\\Ruby32-x64\\lib\\ruby\\gems\\3.2.0\\gems\\grpc-1.58.0-x64-mingw-ucrt\\grpc_c.64-ucrt.ruby(grpc_init+0x6e) [0x00000000009be5be]',
    ]
    expect(explainText(frames.join('\n'))).toMatchObject({ confidence: 'certain', culprit: { gem: 'grpc', version: '1.58.0' } })
  })

  test('of a library that nobody knows, carried by ffi, leaves ffi in doubt', () => {
    const c = [
      '/opt/lib/libgrain.so.1(grain_read+0x2) [0x7f0000000004]',
      '/usr/lib/libffi.so.8(ffi_call+0x2) [0x7f0000000005]',
      gem('ffi-1.17.0', 'call'),
    ]
    expect(explainText(report({ c }))).toMatchObject({ confidence: 'suspected', culprit: { gem: 'ffi' } })
  })

  test('in which ffi worked on an object of its own is ffi, whoever called', () => {
    const control = ['c:0003 p:---- s:0001 e:000001 CFUNC  :[]=', 'c:0002 p:0001 s:0001 e:000001 METHOD /srv/gems/mill-0.3.1/lib/mill.rb:9']
    const c = ['/srv/gems/ffi-1.11.3/lib/ffi_c.so(struct_aset+0x50) [0x7f0000000004]']
    expect(explainText(report({ control, c }))).toMatchObject({ culprit: { gem: 'ffi', version: '1.11.3' } })
    const read = ['/srv/gems/ffi-1.11.3/lib/ffi_c.so(memory_op_get_int32+0x50) [0x7f0000000004]']
    expect(explainText(report({ control, c: read }))).toMatchObject({ confidence: 'suspected', culprit: { gem: 'mill' } })
  })

  test("of a server below Ruby is innocent, unless it is the server's own mark function below the garbage collector", () => {
    const c = (symbol: string): string[] => [
      '/usr/lib/libruby.so.3.3(rb_gc_mark+0x8) [0x7f0000000004]',
      `/srv/gems/io-event-1.7.1/lib/IO_Event.so(${symbol}+0x18) [0x7f0000000005]`,
    ]
    expect(explainText(report({ c: c('IO_Event_Selector_mark') }))).toMatchObject({ confidence: 'suspected', culprit: { gem: 'io-event' } })
    expect(explainText(report({ c: c('IO_Event_Selector_loop') })).culprit).toBeNull()
  })

  test("below FreeBSD's thread library and its trampoline page is where it struck", () => {
    const text = [
      '[BUG] Segmentation fault at 0x0000000800677004',
      'ruby 2.7.4p191 (2021-07-07 revision a21a3b7d23) [amd64-freebsd11]',
      '-- C level backtrace information ---',
      '/usr/local/lib/libruby27.so.27 [0x800be034f]',
      '/usr/local/lib/libruby27.so.27 [0x800a90005]',
      '/lib/libthr.so.3 [0x801708934]',
      '/lib/libthr.so.3 [0x801707ecf]',
      '[0x7ffffffff193]',
      '/usr/local/lib/ruby/gems/2.7/gems/mill-0.6.5/lib/mill.so(grind+0x2b) [0x8056ab88b]',
    ]
    expect(explainText(text.join('\n'))).toMatchObject({ kind: 'segfault', culprit: { gem: 'mill', version: '0.6.5' } })
  })

  test("below a nameless handler that an old Ruby's rb_bug was called from tells a fault, also where the header is lost", () => {
    const c = [
      '-- C level backtrace information ---',
      '/usr/lib/libruby.so.1.9(rb_bug+0xb3) [0x7f0000000001]',
      '/usr/lib/libruby.so.1.9(+0x116715) [0x7f0000000002]',
      '/lib/libpthread.so.0(+0xf150) [0x7f0000000003]',
      '/usr/lib/libruby.so.1.9(st_lookup+0x88) [0x7f0000000004]',
      '/srv/gems/mill-0.3.6/lib/mill.so(+0x2e4d) [0x7f0000000005]',
    ]
    expect(explainText(c.join('\n'))).toMatchObject({ kind: 'segfault', culprit: { gem: 'mill' } })
    expect(explainText(c.toSpliced(2, 2).join('\n'))).toMatchObject({ kind: 'abort' })
  })

  test('of a library that mostly one gem uses suspects the gem that called, where nothing shows that one', () => {
    const c = ['/usr/lib/libpq.so.5(PQexec+0x2) [0x7f0000000004]']
    const control = (path: string): string[] => [
      'c:0003 p:---- s:0001 e:000001 CFUNC  :grind',
      `c:0002 p:0001 s:0001 e:000001 METHOD ${path}:9`,
    ]
    expect(explainText(report({ control: control('/srv/gems/mill-0.3.1/lib/mill.rb'), c })).culprit).toMatchObject({ gem: 'mill' })
    expect(explainText(report({ control: control('/srv/gems/activerecord-7.1.0/lib/a.rb'), c })).culprit).toMatchObject({ gem: 'pg' })
  })

  test('whose path is cut within the name of the gem is in doubt', () => {
    const cut = 'ill-1.4.2/lib/mill_ext.so: [BUG] Segmentation fault at 0x0000000000000001'
    const told = explainText(`${cut}\nruby 3.3.8 (2025-04-09 revision b200bad6cd) [x86_64-linux]\n`)
    expect(told.confidence).toBe('suspected')
  })

  test('of libffi blames neither ffi for fiddle nor fiddle for ffi', () => {
    const c = [
      '/lib/x86_64-linux-gnu/libc.so.6(strlen+0x2) [0x7f0000000004]',
      '/usr/lib/libffi.so.8(ffi_call+0x2) [0x7f0000000005]',
      '/usr/lib/ruby/3.3.0/x86_64-linux/fiddle.so(function_call+0x2) [0x7f0000000006]',
    ]
    expect(explainText(report({ c }))).toMatchObject({ culprit: { gem: 'fiddle' } })
  })
})

describe('an abort with a report (Ruby 4.1)', () => {
  const header = 'bin/rails: [BUG] Aborted at 0x000003e900003ad9'
  const libc = (symbol: string): string => `/lib/x86_64-linux-gnu/libc.so.6(${symbol}+0x1) [0x7f0000000004]`

  test('is an abort that nobody sent; who freed wrongly is suspected, because the heap may have been damaged before', () => {
    const c = [
      libc('pthread_kill'),
      libc('gsignal'),
      libc('abort'),
      libc('__libc_free'),
      gem('pool-2.1.0', 'pool_free'),
      ruby('rb_data_free'),
    ]
    expect(explainText(report({ header, c, handler: 'sigabrt' }))).toMatchObject({
      kind: 'abort',
      confidence: 'suspected',
      culprit: { gem: 'pool', version: '2.1.0' },
    })
  })

  test('that came from outside names the sender', () => {
    const told = explainText(report({ header, c: [libc('epoll_wait')], handler: 'sigabrt' }))
    expect(told).toMatchObject({ kind: 'abort', culprit: null, causeId: 'EXTERNAL-SIGNAL' })
  })
})

describe('a report whose beginning is lost', () => {
  const nameless = (library: string): string => `${library} [0x7f8bc296a025]`
  const frames = [
    '-- C level backtrace information ---',
    ...Array.from({ length: 4 }, () => nameless('/usr/lib/libruby-2.7.so.2.7')),
    nameless('/lib/x86_64-linux-gnu/libpthread.so.0'),
    nameless('/usr/lib/x86_64-linux-gnu/libcurl.so.4'),
    nameless('/gems/curb-0.9.10/lib/curb_core.so'),
  ]

  test('is a fault where its registers are there, so that the frame below the signal is known', () => {
    const registers = ' RAX: 0x00005611677a8b21 RBX: 0x0000000000003ff4 RCX: 0x0000000000000000'
    expect(explainText([registers, ...frames].join('\n'))).toMatchObject({
      confidence: 'certain',
      culprit: { gem: 'curb', version: '0.9.10' },
    })
    expect(explainText(frames.join('\n'))).toMatchObject({ confidence: 'suspected', culprit: { gem: 'curb' } })
  })
})

describe("systemd's core dump", () => {
  const dump = (frames: readonly string[]): string =>
    ['Process 4411 (ruby) of user 1000 dumped core.', '', 'Stack trace of thread 4411:', ...frames].join('\n')
  const ruby = '#2  0x00007f1c637f0f6a rb_data_free (libruby.so.3.3 + 0xf6a)'
  const otherThread = [
    '',
    'Stack trace of thread 4412:',
    '#0  0x00007f918c124ce1 poll (libc.so.6 + 0x3bce1)',
    '#1  0x00007f1c63a16ae4 n/a (/gems/kiln-1.0.0/lib/kiln.so + 0x1)',
  ]

  test('names the gem in the thread that died, and no other thread’s', () => {
    const fault = '#0  0x00007f1c63a16ae4 mill_free (/gems/mill-1.16.0/lib/mill.so + 0x1ae4)'
    expect(explainText(dump([fault, ruby, ...otherThread]))).toMatchObject({
      kind: 'segfault',
      confidence: 'suspected',
      culprit: { gem: 'mill' },
    })
    expect(explainText(dump([ruby.replace('#2', '#0'), ...otherThread]))).toMatchObject({ kind: 'segfault', culprit: null })
  })

  test('is an abort where it shows one', () => {
    const abort = ['#0  0x00007f918c124ce1 raise (libc.so.6 + 0x3bce1)', '#1  0x00007f918c10e537 abort (libc.so.6 + 0x25537)', ruby]
    expect(explainText(dump(abort)).kind).toBe('abort')
  })

  test('of another program is none of ours', () => {
    expect(deathsIn(dump(['#0  0x00007f918c124ce1 n/a (node + 0x3bce1)', '#1  0x00007f918c124ce1 main (node + 0x1)']))).toBe(0)
  })
})

describe('the kind', () => {
  test('of a report without header is abort where Ruby itself gave up, segfault where a handler ran', () => {
    const frames = (reporter: string): string =>
      ['-- C level backtrace information ---', ruby(reporter), ruby('rb_newobj'), gem('mill-1.0.0', 'mark')].join('\n')
    expect(explainText(frames('rb_bug')).kind).toBe('abort')
    expect(explainText(frames('sigsegv')).kind).toBe('segfault')
  })

  test("of Apple's report is abort where the process gave up, segfault where Ruby's handler did", () => {
    const apple = (frame: string): string =>
      ['Exception Type:        EXC_CRASH (SIGABRT)', 'Thread 5 Crashed:: worker-1', `0   x.dylib   0x00000001828ad0a4 ${frame} + 104`].join(
        '\n',
      )
    expect(explainText(apple('_objc_fatal')).kind).toBe('abort')
    expect(explainText(apple('sigsegv')).kind).toBe('segfault')
  })
})

test("Apple's text and the same report as JSON below are one death", () => {
  const text = [
    'Exception Type:        EXC_BAD_ACCESS (SIGSEGV)',
    'Exception Codes:       KERN_INVALID_ADDRESS at 0x0000000000000028',
    'Thread 0 Crashed:: main',
    '0   mill.bundle   0x0000000105f00000 mill_turn + 40',
    '{"app_name":"ruby","timestamp":"2026-11-25 10:00:00.00 +0100","bug_type":"309","os_version":"macOS 26.1","incident_id":"A"}',
    '{"exception":{"type":"EXC_BAD_ACCESS","signal":"SIGSEGV","subtype":"KERN_INVALID_ADDRESS at 0x0000000000000028"},',
    '"threads":[{"triggered":true,"frames":[{"symbol":"mill_turn","imageIndex":0}]}],',
    '"usedImages":[{"path":"/gems/mill-1.0.0/lib/mill.bundle"}]',
    '}',
  ].join('\n')
  expect(deathsIn(text)).toBe(1)
})
