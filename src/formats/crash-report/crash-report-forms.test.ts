import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { gist, onlyReport, read } from '../../../test/support/read-findings.ts'

const real = readFileSync(new URL('../../../test/fuzz/crash-report-samples/ruby-3.3-null-pointer.txt', import.meta.url), 'utf8')
const wanted = gist(onlyReport(read(real)))

describe('a report that a collector tore', () => {
  const torn = (pieces: readonly string[]): string => pieces.map((piece) => `App 26150 stderr: ${piece}\n`).join('')

  test('at each write of Ruby is put together again', () => {
    const told = onlyReport(
      read(
        torn([
          '/srv/x.rb:113: ',
          '[BUG] ',
          'Segmentation fault at 0x0000000000000050',
          '',
          'ruby 2.7.4p191 (2021-07-07 revision a21a3b7d23) [x86_64-linux]',
          '-- Control frame information -----------------------------------------------',
          'c:0003 ',
          'p:---- ',
          's:0011 ',
          'e:000010 ',
          'CFUNC  :synchronize',
          'c:0002 ',
          'p:0007 s:0006 e:000005 BLOCK  /srv/x.rb:7 [FINISH]',
        ]),
      ),
    )
    expect(told.header).toMatchObject({ signal: 'SEGV', address: '0x50' })
    expect(told.controlFrames).toEqual([
      { depth: 3, type: 'CFUNC', label: 'synchronize' },
      { depth: 2, type: 'BLOCK', label: '/srv/x.rb:7' },
    ])
  })
})

describe('a header that a collector tore', () => {
  test('behind its position is put together again', () => {
    const log =
      'App 1 stderr: /srv/x.rb:20: [BUG] \nApp 1 stderr: Segmentation fault at 0x00000000000010\nApp 1 stderr: ruby 3.3.8 (2025-04-09 revision b200bad6cd) [x]\n'
    expect(onlyReport(read(log)).header).toEqual({
      message: 'Segmentation fault at 0x00000000000010',
      signal: 'SEGV',
      address: '0x10',
      file: '/srv/x.rb',
      line: 20,
    })
  })
})

describe('a [BUG] line in a table', () => {
  test.each([
    ['Segmentation fault at 0x00007f4698057658', 'SEGV'],
    ['object allocation during garbage collection phase', null],
  ])('is found between its columns: %s', (message, signal) => {
    const row = (text: string): string => `EVENTS\t1626909684304\t${text}\t1626909683900\n`
    const told = onlyReport(
      read(`${row(`/srv/x.rb:97: [BUG] ${message}`)}${row('ruby 3.3.8 (2025-04-09 revision b200bad6cd) [x86_64-linux]')}`),
    )
    expect(told.header).toMatchObject({ signal, file: '/srv/x.rb', line: 97 })
  })
})

describe('a [BUG] line without position and with a message that nobody knows', () => {
  const line = "[BUG] Couldn't unprotect page 0x00007f, errno: Cannot allocate memory"

  test('is a header if a report follows, and nothing otherwise, also at the end of a log', () => {
    const told = onlyReport(read(`${line}\nruby 3.3.8 (2025-04-09 revision b200bad6cd) [x86_64-linux]\n`))
    expect(told.header).toMatchObject({ signal: null, message: line.slice(6) })
    expect(read(`${line}\nGET / 200\nGET / 200\n`)).toEqual([])
    expect(read(`GET / 200\n${line}\n`)).toEqual([])
  })
})

test("the paths of a macOS memory map may begin with the user's home", () => {
  const map = '\n* Process memory map:\n\n    10b70e000-10b712000 r-x ~/gems/mill-1.0.0/lib/mill.bundle\n'
  const told = onlyReport(read(`/srv/x.rb:1: [BUG] Segmentation fault at 0x10\nruby 3.3.8 (2025-04-09 revision b200bad6cd) [x]\n${map}`))
  expect(told.mappedFiles.map(({ path }) => path)).toEqual(['~/gems/mill-1.0.0/lib/mill.bundle'])
})

describe("Apple's text report", () => {
  test('gives the frames of the crashed thread, whatever stands between their columns', () => {
    const told = onlyReport(
      read(
        [
          'Exception Type:        EXC_BAD_ACCESS (SIGSEGV)',
          'Thread 0:: Dispatch queue: com.apple.main-thread',
          '0   libsystem_kernel.dylib        \t0x00007fff2043a8e2 __psynch_cvwait + 10',
          '',
          'Thread 9 Crashed:: util.rb:22',
          '0   libmill.dylib                 \t0x0000000118f3a1bf mill::turn(unsigned long, char const*) + 31 (mill.cc:12)',
          '1   ffi_c.bundle                  \t       0x10fc4f000 ffi_call_unix64 + 82',
        ].join('\n'),
      ),
    )
    expect(told.cFrames).toMatchObject([
      { library: 'libmill.dylib', symbol: 'mill::turn(unsigned long, char const*)', offset: '0x1f', source: 'mill.cc:12' },
      { library: 'ffi_c.bundle', symbol: 'ffi_call_unix64' },
    ])
  })
})

describe("Apple's JSON report", () => {
  const head = '{"app_name":"ruby","timestamp":"2026-11-25 10:00:00.00 +0100","bug_type":"309","os_version":"macOS 26.1","incident_id":"A"}'
  const body = JSON.stringify(
    {
      exception: { type: 'EXC_BAD_ACCESS', signal: 'SIGSEGV', subtype: 'KERN_INVALID_ADDRESS at 0x0000000000000028' },
      threads: [{ id: 7, triggered: true, frames: [{ symbol: 'mill_turn', symbolLocation: 4, imageIndex: 0 }] }],
      usedImages: [{ base: 4_096, size: 4_096, path: '/gems/mill-1.0.0/lib/mill.bundle', name: 'mill.bundle' }],
      vmSummary: 'ReadOnly portion of Libraries',
    },
    null,
    1,
  )

  test('gives what it holds where it is cut', () => {
    for (const text of [body, body.slice(0, body.indexOf('vmSummary'))])
      expect(onlyReport(read(`${head}\n${text}\n`))).toMatchObject({
        format: 'apple',
        header: { signal: 'SEGV', address: '0x28' },
        cFrames: [{ library: '/gems/mill-1.0.0/lib/mill.bundle', symbol: 'mill_turn' }],
      })
    expect(onlyReport(read(`${head}\n${body.slice(0, body.indexOf('usedImages'))}\n`)).cFrames).toMatchObject([{ symbol: 'mill_turn' }])
  })
})

test('logfmt lines and quoted columns are read as what they hold', () => {
  const report = real.split('\n')
  const logfmt = report.map((line) => `time="2026-11-25T10:00:00Z" level=error msg=${JSON.stringify(line)}`)
  expect(gist(onlyReport(read(logfmt.join('\n'))))).toEqual(wanted)
  expect(onlyReport(read(report.map((line) => `1700000000,"${line}"`).join('\n'))).header).toMatchObject({
    signal: 'SEGV',
    address: '0x10',
  })
})
