import { expect, test } from 'vitest'
import { onlyReport, read } from '../../../test/support/read-findings.ts'

const frames = [
  { ip: '0x7f5f8e3ce2f2', function: 'memmove', path: '/lib/libc.so.6' },
  { ip: '0x7f5f82be2a45', function: 'ebb', file: 'tide.c', line: 120, path: '/srv/gems/tide-1.2.0/lib/tide.so' },
  { ip: 7, path: 1 },
]
const crash = {
  error: { message: 'Process terminated by SIGSEGV', stack: { format: 'Datadog Crashtracker 1.0', frames } },
  sig_info: { si_addr: '0x0000000000000018', si_signo_human_readable: 'SIGSEGV' },
}

test("a crash as Datadog's tracker logs it is a report", () => {
  const told = onlyReport(read(`2025-03-01T10:00:00Z ${JSON.stringify(crash)}\n`))
  expect(told.header).toMatchObject({ signal: 'SEGV', address: '0x18' })
  expect(told.cFrames).toMatchObject([
    { library: '/lib/libc.so.6', symbol: 'memmove' },
    { library: '/srv/gems/tide-1.2.0/lib/tide.so', symbol: 'ebb', source: 'tide.c:120', address: '0x7f5f82be2a45' },
    { library: null, symbol: null, address: null },
  ])
})

test('a cut one, or one of another form, is none', () => {
  const text = JSON.stringify(crash)
  for (let at = 1; at < text.length; at += 7) expect(read(`${text.slice(0, at)}\n`).filter(({ tag }) => tag === 'CrashReport')).toEqual([])
  expect(read('{"error":{"stack":{"format":"Datadog Crashtracker 1.0","frames":7}}}\n')).toEqual([])
})
