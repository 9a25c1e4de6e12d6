import { Buffer } from 'node:buffer'
import { CrashReportReader } from '../src/formats/crash-report/crash-report-reader.ts'
import { explainLog } from '../src/recovery/blame/explain-log.ts'

/** A report of Ruby's own form and size: `features` lines of loaded features and `maps` of memory map make it as long as wanted. */
function makeReport(features: number, maps: number): string {
  const lines = [
    '/srv/app/lib/jobs.rb:52: [BUG] Segmentation fault at 0x0000000000000040',
    'ruby 3.3.8 (2025-04-09 revision b200bad6cd) [x86_64-linux-gnu]',
    '',
    '-- Control frame information -----------------------------------------------',
    'c:0003 p:---- s:0035 e:000034 CFUNC  :parse',
    'c:0002 p:0024 s:0030 e:000028 METHOD /srv/app/lib/jobs.rb:52 [FINISH]',
    'c:0001 p:0000 s:0003 E:002120 DUMMY  [FINISH]',
    '',
    '-- Ruby level backtrace information ----------------------------------------',
    "/srv/app/bin/worker.rb:7:in `<main>'",
    "/srv/app/lib/jobs.rb:52:in `parse'",
    '',
    '-- C level backtrace information -------------------------------------------',
    '/lib/x86_64-linux-gnu/libruby-3.3.so.3.3(0x7fc9ed88fe21) [0x7fc9ed88fe21]',
    '/lib/x86_64-linux-gnu/libruby-3.3.so.3.3(0x7fc9ed7fa4af) [0x7fc9ed7fa4af]',
    '/lib/x86_64-linux-gnu/libc.so.6(0x7fc9ed2d1d70) [0x7fc9ed2d1d70]',
    '/srv/app/vendor/bundle/ruby/3.3.0/gems/fastparse-2.1.0/lib/fastparse/fastparse.so(fp_parse+0x1ba) [0x7fc9d1eb820a] fp.c:12',
    ...Array.from(
      { length: 40 },
      (_, at) => `/lib/x86_64-linux-gnu/libruby-3.3.so.3.3(rb_vm_exec+0x${at.toString(16)}) [0x7fc9ed8${(0x70000 + at * 16).toString(16)}]`,
    ),
    '',
    '-- Other runtime information -----------------------------------------------',
    '',
    '* Loaded script: /srv/app/bin/worker.rb',
    '',
    '* Loaded features:',
    '',
    ...Array.from(
      { length: features },
      (_, at) =>
        ` ${String(at).padStart(4)} /srv/app/vendor/bundle/ruby/3.3.0/gems/gem${at % 300}-1.${at % 9}.0/lib/gem${at % 300}/file_${at}.rb`,
    ),
    '',
    '* Process memory map:',
    '',
    ...Array.from(
      { length: maps },
      (_, at) =>
        `7fc9${(0x10000000 + at * 0x1000).toString(16)}-7fc9${(0x10001000 + at * 0x1000).toString(16)} r-xp 00001000 fe:00 ${2_000_000 + (at % 400)}                    /usr/lib/x86_64-linux-gnu/lib${at % 400}.so.1`,
    ),
    '',
  ]
  return lines.join('\n')
}

function explainOnce(log: Buffer): string {
  const reader = new CrashReportReader()
  for (let at = 0; at < log.length; at += 65_536) reader.push(log.subarray(at, at + 65_536))
  return explainLog(reader.end()).main.culprit?.gem ?? 'nobody'
}

function measure(name: string, log: Buffer, rounds: number, barMs: number, wanted: string): void {
  for (let round = 0; round < 3; round += 1) explainOnce(log)
  const times: number[] = []
  const cpu: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    const from = performance.now()
    const cpuFrom = process.cpuUsage()
    const told = explainOnce(log)
    const spent = process.cpuUsage(cpuFrom)
    if (told !== wanted) throw new Error(`${name}: blamed ${told}, wanted ${wanted}`)
    times.push(performance.now() - from)
    cpu.push((spent.user + spent.system) / 1000)
  }
  process.stdout.write(
    `${name.padEnd(30)} ${(log.length / 1024).toFixed(0).padStart(7)} KB  median ${medianOf(times)} ms, of processor time ${medianOf(cpu)} ms; bar ${barMs} ms\n`,
  )
}

function medianOf(values: readonly number[]): string {
  return (values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0).toFixed(2)
}

/** Bytes that stay after 1 GB without a newline, beyond what was there before. */
function measureEndless(): void {
  const chunk = Buffer.alloc(1 << 20, 'x')
  const before = process.memoryUsage()
  const reader = new CrashReportReader()
  let most = 0
  const from = performance.now()
  for (let mb = 0; mb < 1024; mb += 1) {
    reader.push(chunk)
    const { heapUsed, external } = process.memoryUsage()
    most = Math.max(most, heapUsed + external - before.heapUsed - before.external)
  }
  reader.end()
  process.stdout.write(
    `${'1 GB without a newline'.padEnd(34)} 1048576 KB  ${((performance.now() - from) / 1000).toFixed(2)} s, at most ${(most / 2 ** 20).toFixed(1)} MB more  bar 10 MB\n`,
  )
}

const ordinary = Array.from(
  { length: 110_000 },
  (_, at) =>
    `2026-11-25T10:00:00.${String(at % 1000).padStart(3, '0')}Z web.1 | method=GET path=/users/${at} format=html status=200 duration=12.3`,
).join('\n')

measure('a report', Buffer.from(makeReport(300, 40)), 101, 5, 'fastparse')
measure('a report of 10 MB', Buffer.from(makeReport(60_000, 45_000)), 15, 100, 'fastparse')
measure('a report after 10 MB of log', Buffer.from(`${ordinary}\n${makeReport(300, 40)}`), 15, 100, 'fastparse')
measure('10 MB of log alone', Buffer.from(ordinary), 15, 100, 'nobody')
measureEndless()
