import { describe, expect, test } from 'vitest'
import { explainSample, explainText, gem, report, ruby } from '../../../test/support/crash-story.ts'

describe('a crash', () => {
  test('is the first gem below the signal, for certain', () => {
    expect(explainSample('ruby-3.3-null-pointer.txt')).toMatchObject({
      kind: 'segfault',
      confidence: 'certain',
      culprit: { gem: 'acme', version: '2.3.4', library: 'acme_ext.so', function: 'deref', rubyLine: 'app.rb:4' },
      ruby: '3.3.8',
    })
  })

  test('in libc or a C library is the gem that called it', () => {
    expect(explainSample('ruby-3.3-ffi.txt')).toMatchObject({
      confidence: 'certain',
      causeId: 'FFI-CALLER',
      culprit: { gem: 'ffi', version: '1.17.0' },
    })
    const through = explainText(report({ c: ['/usr/lib/libpq.so.5(PQexec+0x2) [0x7f0000000004]', gem('pg-1.5.3', 'pgconn_exec')] }))
    expect(through).toMatchObject({ confidence: 'certain', culprit: { gem: 'pg' }, alternatives: [{ who: 'libpq.so.5' }] })
  })

  test('through ffi is the library or the gem that made the call, and ffi only where an application did', () => {
    const control = [
      'c:0003 p:---- s:0001 e:000001 CFUNC  :vips_image_new',
      'c:0002 p:0001 s:0001 e:000001 METHOD /srv/gems/ruby-vips-2.0.9/lib/vips/image.rb:7',
    ]
    const c = [
      '/usr/lib/libvips.so.42(vips_image_new+0x2) [0x7f0000000004]',
      '/usr/lib/libffi.so.8(ffi_call+0x2) [0x7f0000000005]',
      gem('ffi-1.17.0', 'rbffi_CallFunction'),
    ]
    expect(explainText(report({ control, c }))).toMatchObject({
      confidence: 'likely',
      culprit: { gem: 'ruby-vips', version: '2.0.9', library: 'libvips.so.42' },
    })
    expect(explainText(report({ c: c.slice(1) }))).toMatchObject({ confidence: 'certain', culprit: { gem: 'ffi' } })
  })

  test('beside a gem that is known to damage the heap is in doubt', () => {
    const features = '\n* Loaded features:\n\n    0 /srv/gems/nio4r-2.5.3/lib/nio4r_ext.so\n'
    const told = explainText(report({ c: [gem('nokogiri-1.10.9', 'xmlFreeNode')] }) + features)
    expect(told).toMatchObject({ causeId: 'NIO4R-GC', confidence: 'suspected' })
  })

  test('with frames of Ruby between is at most suspected', () => {
    expect(explainSample('ruby-2.7-bad-value.txt')).toMatchObject({ confidence: 'suspected', culprit: { gem: 'acme' } })
    expect(explainText(report({ c: [ruby('rb_str_dup'), gem('oj-3.13.0', 'oj_dump')] }))).toMatchObject({
      confidence: 'suspected',
      culprit: { gem: 'oj' },
    })
  })

  test('does not blame the server that only called into Ruby', () => {
    const told = explainText(
      report({ c: [ruby('rb_str_new'), ruby('rb_vm_exec'), ruby('rb_funcallv'), gem('iodine-0.7.58', 'iodine_call')] }),
    )
    expect(told).toMatchObject({ confidence: 'unknown', culprit: null })
    expect(told.alternatives.map(({ who }) => who)).toContain('iodine')
  })

  test('through a raw pointer of fiddle is fiddle, suspected, though it has no frame', () => {
    expect(explainSample('ruby-2.7-fiddle.txt')).toMatchObject({
      confidence: 'suspected',
      causeId: 'FFI-CALLER',
      culprit: { gem: 'fiddle', rubyLine: '-e:1' },
    })
  })

  test('is told as sent by an account of the system only where registers show that no memory was touched', () => {
    const bare =
      '/srv/gems/mill-0.3.1/lib/mill.rb:9: [BUG] Segmentation fault at 0x0000000400000010\nruby 3.3.8 (2025-04-09 revision b200bad6cd) [x86_64-linux]\n'
    expect(explainText(bare).culprit).toMatchObject({ gem: 'mill' })
    expect(explainText(bare.replace('0x0000000400000010', '0x000003e800000010'))).toMatchObject({ culprit: null, confidence: 'likely' })
  })

  test('that somebody sent is nobody: the address holds user and process', () => {
    const told = explainSample('ruby-3.3-sent-signal.txt')
    expect(told).toMatchObject({ causeId: 'EXTERNAL-SIGNAL', confidence: 'likely', culprit: null })
    const byUser = explainText(
      report({
        header: '/srv/app.rb:1: [BUG] Segmentation fault at 0x000003e800000789',
        control: ['c:0002 p:---- s:0001 e:000001 CFUNC  :sleep'],
        c: [ruby('native_sleep')],
      }),
    )
    expect(byUser.evidence[0]).toContain('process 1929 of user 1000')
  })

  test('in a collector that found damage names no innocent gem', () => {
    const told = explainText(report({ c: [ruby('gc_mark_ptr'), ruby('gc_marks'), ruby('rb_newobj'), ruby('rb_vm_exec')] }))
    expect(told).toMatchObject({ causeId: 'GC-DAMAGE', culprit: null, confidence: 'unknown' })
  })

  test('in malloc is a damaged heap, and its caller at most suspected', () => {
    const told = explainText(
      report({ c: ['/lib/x86_64-linux-gnu/libc.so.6(malloc+0x55) [0x7f0000000009]', gem('msgpack-1.4.2', 'msgpack_buffer')] }),
    )
    expect(told).toMatchObject({ causeId: 'HEAP', confidence: 'suspected', culprit: { gem: 'msgpack' } })
  })

  test('of a mark function that allocates says so', () => {
    expect(explainSample('ruby-3.3-allocation-in-mark.txt')).toMatchObject({
      kind: 'abort',
      causeId: 'GC-ALLOC-IN-MARK',
      culprit: { gem: 'acme', function: 'mk' },
    })
  })

  test('of a version that is known to is likely, and says which version mends it', () => {
    const told = explainText(report({ c: [ruby('gc_mark_ptr'), gem('pg-1.5.2', 'pgresult_gc_mark'), ruby('gc_marks')] }))
    expect(told).toMatchObject({ causeId: 'PG-RESULT-GC', confidence: 'likely', remedy: ['bundle update pg   # >= 1.5.3'] })
  })

  test('with a bare address is found by the memory map', () => {
    const text = `${report({ c: ['[0x7f1234500010]'] })}\n* Process memory map:\n\n7f1234500000-7f1234501000 r-xp 00000000 fe:00 1   /srv/bundle/ruby/3.3.0/gems/oj-3.13.0/lib/oj/oj.so\n`
    expect(explainText(text)).toMatchObject({ confidence: 'certain', culprit: { gem: 'oj', version: '3.13.0' } })
  })

  test('while a compiled file is loaded is that file', () => {
    const text =
      '/srv/gems/x-1.0/lib/x/x.so: [BUG] Bus Error at 0x00007f39d4286010\nruby 3.1.7p261 (2025-03-26 revision 0a3704f218) [x86_64-linux-gnu]\n-- Control frame information ---\nc:0006 p:---- s:0036 e:000035 CFUNC  :require\n'
    expect(explainText(text)).toMatchObject({
      kind: 'segfault',
      causeId: 'TRUNCATED',
      confidence: 'likely',
      culprit: { gem: 'x', version: '1.0' },
    })
  })

  test('at several places of one log is a damaged heap', () => {
    const one = (line: number): string =>
      report({
        header: `/gems/nokogiri-1.10.9/lib/nokogiri/node.rb:${line}: [BUG] Segmentation fault at 0x0000000000000080`,
        control: [`c:0002 p:0001 s:0001 e:000001 METHOD /gems/nokogiri-1.10.9/lib/nokogiri/node.rb:${line}`],
        c: [],
      })
    const two = report({
      header: '/gems/oj-3.1.0/lib/oj.rb:7: [BUG] Segmentation fault at 0x0000000000000080',
      control: ['c:0002 p:0001 s:0001 e:000001 METHOD /gems/oj-3.1.0/lib/oj.rb:7'],
      c: [],
    })
    expect(explainText([one(1), two, one(3)].join('\n'))).toMatchObject({ culprit: null, confidence: 'unknown' })
  })

  test('of mixed lines is at most suspected', () => {
    const lines = report({ c: [gem('oj-3.13.0', 'oj_dump')] }).split('\n')
    expect(explainText(lines.flatMap((line) => [line, line]).join('\n')).confidence).toBe('suspected')
  })
})

describe('a death without a report', () => {
  test.each([
    [{ code: 137, signal: null }, 'oom', 'KILLED'],
    [{ code: null, signal: 'SIGKILL' }, 'oom', 'KILLED'],
    [{ code: 134, signal: null }, 'abort', 'ABORT-SILENT'],
    [{ code: 136, signal: null }, 'abort', 'ARITHMETIC'],
    [{ code: null, signal: 'SIGSEGV' }, 'segfault', 'FAULT-SILENT'],
    [{ code: 1, signal: null }, 'other', null],
  ])('is told from its exit: %j', (exitStatus, kind, causeId) => {
    expect(explainText('', { exitStatus })).toMatchObject({ kind, causeId, culprit: null, confidence: 'unknown' })
  })

  test('is not blamed on an exception that was handled long before', () => {
    const told = explainText("a.rb:1:in `synchronize': can't be called from trap context (ThreadError)\n", {
      exitStatus: { code: null, signal: 'SIGKILL' },
    })
    expect(told).toMatchObject({ kind: 'oom', causeId: 'KILLED' })
    expect(told.evidence.join()).toContain('before that it printed')
  })

  test("is bezel's own doing where it was", () => {
    expect(explainText('', { exitStatus: { code: null, signal: 'SIGKILL' }, endedFor: 'memory' })).toMatchObject({
      kind: 'oom',
      confidence: 'certain',
    })
  })

  test('of a damaged heap is undecidable', () => {
    expect(explainText('free(): invalid pointer\n', { exitStatus: { code: 134, signal: null } })).toMatchObject({
      kind: 'abort',
      causeId: 'HEAP',
      culprit: null,
      confidence: 'unknown',
    })
  })

  test("of Ruby's own compiler is Ruby's", () => {
    expect(explainText("thread '<unnamed>' panicked at ./yjit/src/codegen.rs:1:2:\n")).toMatchObject({
      kind: 'abort',
      causeId: 'YJIT',
      culprit: { gem: null, library: 'YJIT' },
      confidence: 'certain',
    })
  })

  test('of memory is told from a garbage length by the limit', () => {
    const text = '-e: failed to allocate memory (NoMemoryError)\n'
    expect(explainText(text, { memoryLimit: 'RLIMIT_AS of 286 MB' })).toMatchObject({ kind: 'oom', causeId: 'OUT-OF-MEMORY' })
    expect(explainText(text)).toMatchObject({ kind: 'abi-mismatch', causeId: 'ABI-SILENT', confidence: 'unknown' })
    expect(explainText('[FATAL] failed to allocate memory\n')).toMatchObject({ kind: 'oom' })
  })
})

describe('a load that failed', () => {
  test('names gem, version, library and the package that holds it', () => {
    const told = explainText(
      "/x/rubygems.rb:85:in `require': libpq.so.5: cannot open shared object file: No such file or directory - /srv/bundle/ruby/3.1.0/gems/pg-1.5.3/lib/pg_ext.so (LoadError)\n\tfrom /srv/app/boot.rb:3:in `<main>'\n",
    )
    expect(told).toMatchObject({
      kind: 'missing-library',
      causeId: 'LIB-MISSING',
      confidence: 'certain',
      culprit: { gem: 'pg', version: '1.5.3', library: 'libpq.so.5' },
    })
    expect(told.remedy[0]).toBe('apt-get install -y --no-install-recommends libpq5')
  })

  test('is the first of a chain of errors, not the fallback that hides it', () => {
    const chain = [
      "a.rb:1:in `require': cannot load such file -- google/protobuf_c (LoadError)",
      "a.rb:1:in `require': cannot load such file -- google/3.3/protobuf_c (LoadError)",
    ].join('\n')
    expect(explainText(chain)).toMatchObject({ kind: 'not-built', causeId: 'PRECOMPILED-NO-MINOR', culprit: { gem: 'google-protobuf' } })
  })

  test('joins what validation knows about that very file', () => {
    const app = {
      gems: [{ name: 'pg', version: '1.5.3', builtFor: '2.7', runsOn: '3.3.8', fits: 'incompatible' as const }],
      findings: [
        {
          gem: 'pg',
          file: '/elsewhere/lib/pg_ext.so',
          code: 'BUILT_FOR_OTHER_RUBY',
          text: 'The file names another Ruby.',
          remedy: ['gem pristine pg --version 1.5.3'],
        },
      ],
    }
    const told = explainText(report({ c: [ruby('rb_str_new'), '/srv/lib/pg_ext.so(pg_x+0x1) [0x7f0000000003]'] }), { app })
    expect(told).toMatchObject({
      confidence: 'likely',
      culprit: { gem: 'pg', version: '1.5.3' },
      remedy: expect.arrayContaining(['gem pristine pg --version 1.5.3']),
    })
    expect(told.evidence.join()).toContain('BUILT_FOR_OTHER_RUBY')
    expect(told.evidence).toContain('pg 1.5.3 was built for Ruby 2.7 and runs on 3.3.8: incompatible')
  })
})

test('a file that is gone belongs to the gem of that name whose file validation missed', () => {
  const finding = { file: null, code: 'EXTENSION_ABSENT', text: 'The compiled files are gone.', remedy: ['bundle pristine swift-json'] }
  const app = {
    gems: [{ name: 'swift-json', version: '1.0.2', builtFor: null, runsOn: '3.3.8', fits: 'incompatible' as const }],
    findings: ['swift', 'swift-json', 'json'].map((gem) => ({ gem, ...finding })),
  }
  const told = explainText("app.rb:1:in `require': cannot load such file -- swift/json_ext (LoadError)", { app })
  expect(told).toMatchObject({ confidence: 'likely', culprit: { gem: 'swift-json', version: '1.0.2' } })
  const sound = explainText("app.rb:1:in `require': cannot load such file -- swift/json_ext (LoadError)", { app: { ...app, findings: [] } })
  expect(sound.culprit?.gem ?? null).toBeNull()
})

describe('an explanation', () => {
  test('of nobody has a fingerprint of its own by the Ruby file and the C method that ran, not by folder or line', () => {
    const at = (file: string, method: string): string =>
      explainText(
        report({ control: [`c:0003 p:---- s:0001 e:000001 CFUNC  :${method}`, `c:0002 p:0001 s:0001 e:000001 METHOD ${file}`], c: [] }),
      ).fingerprint
    expect(at('/home/one/app/cart.rb:31', 'freeze')).toBe(at('/srv/two/app/cart.rb:44', 'freeze'))
    expect(at('/home/one/app/cart.rb:31', 'freeze')).not.toBe(at('/home/one/app/order.rb:31', 'freeze'))
    expect(at('/home/one/app/cart.rb:31', 'freeze')).not.toBe(at('/home/one/app/cart.rb:31', 'dup'))
  })

  test('has a fingerprint that no address, host or line number changes', () => {
    const one = report({ c: [gem('oj-3.13.0', 'oj_dump')] })
    const two = one
      .replaceAll('0x7f0000000003', '0x7f9999999993')
      .replaceAll('/srv/bundle', '/home/u/other')
      .replace('app.rb:1:', 'app.rb:77:')
    const other = report({ c: [gem('oj-3.13.0', 'oj_parse')] })
    expect(explainText(two).fingerprint).toBe(explainText(one).fingerprint)
    expect(explainText(other).fingerprint).not.toBe(explainText(one).fingerprint)
    expect(explainText(one).fingerprint).toMatch(/^[0-9a-f]{16}$/)
  })

  test('holds no credential of the log', () => {
    const text =
      "a.rb:1:in `exec': SSL error: bad record mac for postgres://bob:hunter2@db/app?sslkey=abc (PG::ConnectionBad)\n\tfrom /srv/a.rb:2:in `x'\n"
    expect(JSON.stringify(explainText(text))).not.toMatch(/hunter2|sslkey=abc/)
  })

  test('of a request that was alone names it', () => {
    const request = { id: 'r1', method: 'GET', path: '/poison', ageMs: 5, settlement: 'failed' as const }
    expect(explainSample('ruby-3.3-null-pointer.txt', { requests: [request] }).evidence).toContain('one request was in flight: GET /poison')
  })
})
