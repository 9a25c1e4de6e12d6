import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { gist, onlyReport, read } from '../../../test/support/read-findings.ts'
import type { Finding } from './crash-report.ts'
import { CrashReportReader } from './crash-report-reader.ts'

const samples = new URL('../../../test/fuzz/crash-report-samples/', import.meta.url)
const real = readFileSync(new URL('ruby-3.3-null-pointer.txt', samples), 'utf8')

const lines = real.split('\n')
const wanted = gist(onlyReport(read(real)))

describe('a report of a real Ruby', () => {
  test('is read section by section', () => {
    const report = onlyReport(read(real))
    expect(report.header).toEqual({
      message: 'Segmentation fault at 0x0000000000000010',
      signal: 'SEGV',
      address: '0x10',
      file: 'app.rb',
      line: 4,
    })
    expect(report.description).toEqual({ version: '3.3.8', revision: 'b200bad6cd', flags: [], platform: 'x86_64-linux-gnu' })
    expect(report.controlFrames[0]).toEqual({ depth: 8, type: 'CFUNC', label: 'null' })
    expect(report.rubyFrames[0]).toEqual({ file: 'app.rb', line: 4, method: 'null' })
    expect(report.registers['RIP']).toBe('0x7f55a8a77249')
    expect(report.cFrames.find(({ symbol }) => symbol === 'm_null')).toMatchObject({ source: '/lab/acme.c:10', address: null })
    expect(report.features).toContain('/srv/web/vendor/bundle/ruby/3.3.0/gems/acme-2.3.4/lib/acme_ext.so')
    expect(report.mappedFiles.map(({ path }) => path)).toContain('/srv/web/vendor/bundle/ruby/3.3.0/gems/acme-2.3.4/lib/acme_ext.so')
    expect(report).toMatchObject({ complete: true, interleaved: false, atLine: 1 })
  })

  test.each<readonly [string, (line: string, at: number) => string]>([
    ['Docker Compose', (line) => `web-1  | ${line}`],
    ['foreman', (line) => `10:00:01 web.1  | ${line}`],
    ['Compose around foreman', (line) => `app_1        | 00:09:45 web.1     | ${line}`],
    ['Kubernetes CRI', (line, at) => `2026-11-25T10:00:00.${100_000_000 + at}Z stderr F ${line}`],
    ['systemd', (line) => `Nov 25 10:00:34 host puma[123]: ${line}`],
    ['Heroku', (line) => `2026-11-25T10:00:00.123456+00:00 app[web.1]: ${line}`],
    ['RFC 5424', (line) => `<13>1 2026-11-25T10:00:00Z host app 123 - - ${line}`],
    ['Passenger', (line) => `App 340 output: ${line}`],
    ['a pid tag', (line) => `[4711] ${line}`],
    ['a tagged logger', (line) => `[2026-11-25 10:00:00] [web] ${line}`],
    ["Ruby's Logger", (line) => `E, [2026-11-25T10:00:00.1 #12] ERROR -- : ${line}`],
    ['CloudWatch', (line) => `  | 2026-11-25T10:00:00Z | ${line}`],
    ['a mail quote', (line) => `> ${line}`],
    ['ANSI colours', (line) => `\u001b[31m${line}\u001b[0m`],
    ['Windows line ends', (line) => `${line}\r`],
    ['double spacing', (line) => `${line}\n`],
    ['JSON log lines', (line) => JSON.stringify({ log: `${line}\n`, stream: 'stderr', time: '2026-11-25T10:00:00Z' })],
    ['structured log lines', (line) => JSON.stringify({ level: 'error', message: line })],
  ])('is the same behind the prefix of %s', (_, dress) => {
    expect(gist(onlyReport(read(lines.map(dress).join('\n'))))).toEqual(wanted)
  })

  test('is the same in one JSON line, and raw inside a broken one', () => {
    expect(gist(onlyReport(read(`${JSON.stringify({ message: real, level: 'fatal' })}\n`)))).toEqual(wanted)
    expect(onlyReport(read(`{"level":"fatal","msg":"${real}"}\n`))).toMatchObject({
      header: { address: '0x10' },
      description: { version: '3.3.8' },
    })
  })

  test('is the same in UTF-16 of both orders, with and without a mark', () => {
    const little = Buffer.from(real, 'utf16le')
    const big = Buffer.from(little).swap16()
    for (const bytes of [little, big, Buffer.concat([Buffer.from([0xff, 0xfe]), little]), Buffer.concat([Buffer.from([0xfe, 0xff]), big])])
      expect(gist(onlyReport(read(bytes.subarray(0, 1_001), bytes.subarray(1_001))))).toEqual(wanted)
  })

  test('is the same however its bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 3_000 }), { size: 'max', maxLength: 60 }), (sizes) => {
        const bytes = Buffer.from(real)
        const chunks: Buffer[] = []
        let at = 0
        for (const size of sizes) chunks.push(bytes.subarray(at, (at += size)))
        expect(gist(onlyReport(read(...chunks, bytes.subarray(at))))).toEqual(wanted)
      }),
      { numRuns: 30 },
    )
  })

  test('is the same with ordinary lines before and after it, and tells where it began and when', () => {
    const before = Array.from({ length: 5_000 }, (_, at) => `method=GET path=/users/${at} status=200`).join('\n')
    const report = onlyReport(read(`${before}\n2026-11-25T10:00:00Z ${real}\nmore\nlines\n`))
    expect(gist(report)).toEqual(wanted)
    expect(report).toMatchObject({ atLine: 5_001, loggedAt: '2026-11-25T10:00:00Z' })
  })

  test('is turned round where the log has the newest line first', () => {
    const report = onlyReport(read(lines.toReversed().join('\n')))
    expect(report.controlFrames).toEqual(onlyReport(read(real)).controlFrames)
    expect(report.cFrames).toEqual(onlyReport(read(real)).cFrames)
    expect(report.header?.address).toBe('0x10')
  })

  test('is found twice where it stands twice', () => {
    expect(read(`${real}\n${real}`).filter(({ tag }) => tag === 'CrashReport')).toHaveLength(2)
  })

  test('is kept apart from another process by what the log puts before each line', () => {
    const other = real.replaceAll('0x0000000000000010', '0x0000000000000028').split('\n')
    const mixed = lines.flatMap((line, at) => [`web.1  | ${line}`, `web.2  | ${other[at] ?? ''}`]).join('\n')
    const reports = read(mixed).filter((finding) => finding.tag === 'CrashReport')
    expect(reports.map(({ header, interleaved }) => [header?.address, interleaved])).toEqual([
      ['0x10', false],
      ['0x28', false],
    ])
  })

  test('is called interleaved where nothing keeps two processes apart', () => {
    const reports = read(lines.flatMap((line) => [line, line]).join('\n')).filter((finding) => finding.tag === 'CrashReport')
    expect(reports.every(({ interleaved }) => interleaved)).toBe(true)
  })
})

describe('a line in the form of [BUG]', () => {
  test('is no crash inside an ordinary log', () => {
    const ordinary = Array.from({ length: 20 }, (_, at) => `GET /tickets/${at} 200`).join('\n')
    expect(read(`${ordinary}\napp/models/ticket.rb:12: [BUG] printer is on fire\n${ordinary}\n`)).toEqual([])
    expect(read(`${ordinary}\n/srv/app.rb:12: [BUG] Segmentation fault at 0x0000000000000018\n${ordinary}\n`)).toEqual([])
  })

  test('is a crash where a report follows, or the log ends', () => {
    expect(read('/srv/app.rb:12: [BUG] Segmentation fault at 0x0000000000000018\n')).toHaveLength(1)
    expect(
      read('/srv/app.rb:12: [BUG] printer is on fire\nruby 3.3.8 (2025-04-09 revision b200bad6cd) [x86_64-linux]\n\nother\n'),
    ).toHaveLength(1)
  })
})

describe('a failed load', () => {
  test('has its backtrace, above it or below', () => {
    const below = read(
      "/gems/rubygems.rb:85:in `require': cannot load such file -- pg_ext (LoadError)\n\tfrom /gems/pg-1.5.3/lib/pg.rb:49:in `<module:PG>'\n",
    )
    expect(below).toMatchObject([{ subject: 'pg_ext', rubyFrames: [{ line: 85 }, { file: '/gems/pg-1.5.3/lib/pg.rb', line: 49 }] }])
    const above = read(
      "Traceback (most recent call last):\n\t1: from app.rb:1:in `<main>'\n/gems/x.rb:2:in `require': cannot load such file -- pg_ext (LoadError)\n",
    )
    expect(above).toMatchObject([{ rubyFrames: [{ line: 2 }, { file: 'app.rb', line: 1 }] }])
  })

  test('has what the macOS loader says on further lines', () => {
    const found = read(
      'LoadError: dlopen(/gems/pg-1.2.3/lib/pg_ext.bundle, 9): Library not loaded: /opt/libpq.5.dylib\n  Referenced from: /gems/pg-1.2.3/lib/pg_ext.bundle\n  Reason: image not found\n',
    )
    expect(found).toMatchObject([{ why: 'library-missing', file: '/gems/pg-1.2.3/lib/pg_ext.bundle', subject: '/opt/libpq.5.dylib' }])
  })

  test.each([
    [
      'same path on both sides: another CPU',
      '/g/x-1.0/lib/x.so: cannot open shared object file: No such file or directory - /g/x-1.0/lib/x.so (LoadError)',
      'file-cannot-open',
    ],
    [
      "dyld's own words, not Ruby's",
      'Library not loaded: @rpath/libcrypto.dylib Reason: Incompatible library version: a requires version 1.0.0',
      'library-missing',
    ],
    [
      'a missing libruby',
      'libruby-2.7.so.2.7: cannot open shared object file: No such file or directory - /g/x-1.0/lib/x.so (LoadError)',
      'libruby-missing',
    ],
    ['a garbled path', 'linked to incompatible \ufffd - /g/bigdecimal-3.1.8/lib/bigdecimal.so (LoadError)', 'abi-mismatch'],
    ['musl and glibc', 'Error relocating /g/x-1.0/lib/x.so: __vsnprintf_chk: symbol not found', 'glibc-on-musl'],
    [
      'a version that is there but not built',
      "Could not find 'pg' (= 1.4.5) - did find: [pg-1.4.5] (Gem::MissingSpecVersionError)",
      'extensions-not-built',
    ],
    ['another version', "Could not find 'pg' (= 1.4.5) - did find: [pg-1.5.0] (Gem::MissingSpecVersionError)", 'no-such-file'],
  ])('is told from its look-alikes: %s', (_, line, why) => {
    expect(read(`${line}\n`)).toMatchObject([{ tag: 'LoadFailure', why }])
  })
})

describe('bad input', () => {
  test('of any bytes gives an answer, never an exception', () => {
    fc.assert(
      fc.property(fc.uint8Array({ size: 'max', maxLength: 4_000 }), (bytes) => void read(Buffer.from(bytes))),
      { numRuns: 300 },
    )
  })

  test('without a newline is bounded and ends in nothing', () => {
    const reader = new CrashReportReader()
    const chunk = Buffer.alloc(1 << 20, 'x')
    for (let mb = 0; mb < 64; mb += 1) reader.push(chunk)
    expect(reader.end()).toEqual([])
  })

  test('a caller may use its buffer again', () => {
    const reader = new CrashReportReader()
    const buffer = Buffer.alloc(1_000)
    for (let at = 0; at < real.length; at += 1_000) {
      const size = buffer.write(real.slice(at, at + 1_000))
      reader.push(buffer.subarray(0, size))
    }
    expect(gist(onlyReport(reader.end()))).toEqual(wanted)
  })
})

test('hands findings over one by one where asked, and keeps none', () => {
  const seen: Finding[] = []
  const reader = new CrashReportReader((finding) => seen.push(finding))
  reader.push(Buffer.from(`${real}\nfree(): invalid pointer\n`))
  expect(reader.end()).toEqual([])
  expect(seen.map(({ tag }) => tag)).toEqual(['CrashReport', 'DeathNote', 'AbortNote'])
})
