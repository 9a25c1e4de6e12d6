import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BezelError } from '../../errors.ts'
import type { BezelEvent } from '../../events.ts'
import { createLog, type LogOptions } from './log.ts'

function record(options: Partial<Omit<LogOptions, 'sink'>> = {}) {
  const lines: string[] = []
  let lost = 0
  const taking = { all: true }
  const sink = {
    write: (line: string) => {
      if (taking.all) lines.push(line.replace(/\n$/, ''))
      else lost++
    },
    dropped: () => lost,
    close: () => Promise.resolve(),
  }
  const now = () => new Date(2026, 10, 25, 9, 8, 7)
  const log = createLog({ sink, fd: 2, format: 'json', colour: false, level: 'info', now, ...options })
  return { log, lines, taking, json: (at: number) => JSON.parse(lines[at] ?? 'null') as Record<string, unknown> }
}

const exited: BezelEvent = {
  tag: 'RunExited',
  worker: 2,
  run: 7,
  pid: 4711,
  exit: { code: null, signal: 'SIGSEGV' },
  why: 'crashed',
  ready: true,
  uptimeMs: 61_000,
  lastRssMb: 210.4,
}

describe('a JSON log', () => {
  test('tells a fact with its tag, its fields, a level and a sentence', () => {
    const { log, json } = record()
    log.fact(exited)
    expect(json(0)).toEqual({
      ...exited,
      level: 'error',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      msg: 'worker 2 ended: SIGSEGV, crashed, after 61 s (run 7, 210 MB)',
    })
  })

  test('tells an error with its code and remedy, and a stack only where nobody foresaw it', () => {
    const { log, json } = record()
    log.failure(new BezelError('PORT_TAKEN', 'port 3000 is taken by pid 9', { remedy: ['kill 9'] }))
    log.failure(new TypeError('x is undefined'))
    expect(json(0)).toMatchObject({ level: 'error', code: 'PORT_TAKEN', remedy: ['kill 9'], msg: 'port 3000 is taken by pid 9' })
    expect(json(0)).not.toHaveProperty('stack')
    expect(json(1)).toMatchObject({ code: 'INTERNAL', stack: expect.stringContaining('log.test.ts') })
  })

  test('leaves out what is below its level, but nothing of what a worker prints', () => {
    const { log, lines } = record({ level: 'warn' })
    log.message('info', 'small talk')
    log.output(1, 'Puma starting')
    log.message('warn', 'look')
    expect(lines).toEqual([expect.stringContaining('"worker":1'), expect.stringContaining('look')])
  })

  test('keeps passwords and keys to itself', () => {
    const { log, lines } = record({ level: 'debug' })
    log.fact({ tag: 'ServerSessionOpened', session: { database: 'primary', pid: 1, secret: 'c0ffee', run: null } })
    log.message('error', 'cannot reach postgres://app:s3cret@db/x', { url: 'postgres://app:s3cret@db/x', admin_token: 's3cret' })
    log.output(1, 'PG::ConnectionBad: redis://:s3cret@cache password=s3cret')
    log.failure(new Error('boom', { cause: new Error('mysql2://u:s3cret@h/') }))
    expect(lines.join('\n')).not.toMatch(/s3cret|c0ffee/)
    expect(lines).toHaveLength(4)
  })

  test('a line is valid JSON of at most 4,096 bytes, whatever is logged', () => {
    const { log, lines } = record()
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 6_000, size: 'max' }),
      fc.constant('"\\\u0001'.repeat(3_000)),
      fc.constant('€'.repeat(5_000)),
    )
    fc.assert(
      fc.property(text, fc.array(text, { maxLength: 100, size: 'max' }), (message, list) => {
        lines.length = 0
        log.message('error', message, { list, deep: { a: { b: { c: { d: { e: { f: message } } } } } } })
        log.output(1, Buffer.from(message, 'utf16le'))
        log.fact({ tag: 'WorkersGaveUp', worker: 1, failures: 6, failedStarts: 6, lastLines: list, remedy: ['bezel incidents'] })
        expect(lines).toHaveLength(3)
        for (const line of lines) {
          expect(Buffer.byteLength(line)).toBeLessThan(4_096)
          expect(JSON.parse(line)).toHaveProperty('level')
        }
        expect(JSON.parse(lines[2] ?? '')).toMatchObject({ tag: 'WorkersGaveUp' })
      }),
      { numRuns: 60 },
    )
  })

  test('says once how many lines were lost, when the destination takes lines again', () => {
    const { log, lines, taking } = record()
    taking.all = false
    log.message('info', 'a')
    log.message('info', 'b')
    taking.all = true
    log.message('info', 'c')
    log.message('info', 'd')
    expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual([
      'c',
      '2 log lines were lost: the destination did not take them',
      'd',
    ])
  })
})

describe('a readable log', () => {
  test('names method and path of the request that is the cause of a death', () => {
    const { log, lines } = record({ format: 'text' })
    const request = { id: 'qij27-7', method: 'GET', path: '/segv', ageMs: 3, settlement: 'failed' } as const
    log.fact({ tag: 'RunSettled', run: 7, requests: [request], cause: 'qij27-7' })
    const incident = {
      tag: 'IncidentRecorded',
      incident: '20261125-101530-7-k3x',
      kind: 'segfault',
      worker: 2,
      run: 7,
      culprit: 'pg',
    } as const
    log.fact({ ...incident, summary: 'Ruby crashed', request: 'GET /segv', path: '/x', refusal: null })
    expect(lines).toEqual([
      '09:08:07 error run 7 held 1 request when it ended: 1 failed; GET /segv (qij27-7) was alone in it, and is the cause',
      expect.stringContaining('09:08:07 error worker 2, at GET /segv: Ruby crashed (blamed: pg). Incident 20261125-101530-7-k3x'),
    ])
  })

  test('says of a run that leaves what it still does', () => {
    const { log, lines } = record({ format: 'text' })
    for (const why of ['crashed', 'hang', 'asked'] as const) log.fact({ tag: 'RunDraining', worker: 2, run: 7, why })
    expect(lines.map((line) => line.slice(15))).toEqual([
      'worker 2 writes its crash report (run 7)',
      'worker 2 finishes its other requests (run 7, hang)',
      'worker 2 finishes its requests (run 7, asked)',
    ])
  })

  test('tells an outage of a database in two lines, and what rolled nothing back in none', () => {
    const { log, lines } = record({ format: 'text' })
    const change = { tag: 'BreakerChanged', database: 'primary', error: 'ECONNREFUSED', retryInMs: 500 } as const
    log.fact({ ...change, state: 'open', isNews: true })
    log.fact({ tag: 'ServerLost', database: 'primary', error: 'ECONNREFUSED' })
    log.fact({ ...change, state: 'half_open', isNews: false })
    log.fact({ ...change, state: 'open', isNews: false })
    log.fact({ ...change, state: 'closed', error: null, retryInMs: null, isNews: true })
    log.fact({ tag: 'ServerBack', database: 'primary', awayMs: 3_600_000 })
    log.fact({ tag: 'LeasesEnded', run: 1, rolledBack: 0, stillOpen: 0 })
    expect(lines).toEqual([
      '09:08:07 warn  database primary is away (ECONNREFUSED): the circuit breaker is open, and it is tried until it answers',
      '09:08:07 info  database primary is back after 3600 s',
    ])
  })

  test('tells why bezel gave up: whose starts failed, what the last one said, and where to look', () => {
    const { log, lines } = record({ format: 'text' })
    const gaveUp = { tag: 'WorkersGaveUp', worker: 2, failures: 5, remedy: ['bezel incidents 20261125-101530-7-k3x'] } as const
    log.fact({ ...gaveUp, failedStarts: 9, lastLines: ['Could not find bcrypt-3.1.20'] })
    log.fact({ ...gaveUp, failedStarts: 5, lastLines: Array.from({ length: 20 }, (_, at) => `line ${at}`) })
    const remedy = 'try="bezel incidents 20261125-101530-7-k3x"'
    expect(lines).toEqual([
      `09:08:07 error gave up: 9 starts of all workers failed within a minute, the last 5 of worker 2 in a row; it said: Could not find bcrypt-3.1.20 ${remedy}`,
      `09:08:07 error gave up: worker 2 failed 5 times in a row; it said: line 0 | line 1 | line 2 | … | line 18 | line 19 ${remedy}`,
    ])
  })

  test('has time, level and sentence on one line', () => {
    const { log, lines } = record({ format: 'text' })
    log.fact(exited)
    log.message('warn', 'two\nlines', { port: 3000, why: 'not known' })
    log.fact({
      tag: 'GemRefused',
      gem: 'pg',
      code: 'abi',
      explanation: 'was built for Ruby 2.7',
      evidence: [],
      remedy: ['bundle pristine pg'],
    })
    log.failure(new BezelError('PORT_TAKEN', 'port 3000 is taken', { remedy: ['kill 9', 'or wait'] }))
    expect(lines).toEqual([
      '09:08:07 error worker 2 ended: SIGSEGV, crashed, after 61 s (run 7, 210 MB)',
      '09:08:07 warn  two lines port=3000 why="not known"',
      '09:08:07 error pg: was built for Ruby 2.7 try="bundle pristine pg"',
      '09:08:07 error port 3000 is taken code=PORT_TAKEN try="kill 9; or wait"',
    ])
  })

  test("passes a worker's lines through with its number, whatever bytes they are", () => {
    const { log, lines } = record({ format: 'text' })
    log.output(2, Buffer.from([0x70, 0xff, 0x6d, 0x61, 0x0a]))
    log.output(12, '\u001b[31mred\u001b[0m \u001b[2J\u001b]0;title\u0007\u001b[6nx\r\n')
    expect(lines).toEqual(['09:08:07 [2]   p\ufffdma', '09:08:07 [12]  red x'])
  })

  test('keeps colours on a terminal, and nothing else that steers it', () => {
    const { log, lines } = record({ format: 'text', colour: true })
    log.output(1, '\u001b[31mred\u001b[2J\u001b[1A')
    log.message('error', 'evil \u001b[2J\u001b[31m')
    expect(lines[0]).toContain('\u001b[31mred\u001b[0m')
    expect(lines.join('')).not.toMatch(/\[2J|\[1A/)
    expect(lines[1]).toMatch(/evil $/)
  })
})
