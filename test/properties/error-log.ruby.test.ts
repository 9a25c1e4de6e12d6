import { createServer } from 'node:net'
import { resolve } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect } from 'vitest'
import { BezelError, type ErrorCode } from '../../src/errors.ts'
import type { BezelEvent } from '../../src/events.ts'
import { createLog } from '../../src/keeper/log/log.ts'
import type { BezelRun } from '../support/bezel-run.ts'
import { breakGem, otherRubies, runIn, shareTinyApps } from './broken-gem.ts'
import { modelProperty, realProperty } from './cases.ts'
import { outcomeOf, startSmallApp, startSmallBezel } from './small-app.ts'

/** What may stand in an error's message: any text, and what breaks naive writers of logs. */
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.constantFrom(
    '{"level":"info"}\n{"msg":"forged"}',
    '\u001b[31mred\u001b[0m\r\n',
    '\ud800',
    'x'.repeat(100_000),
    'postgres://app:s3cret@db/x',
  ),
)
const happening = fc.oneof(
  fc.record({ tag: fc.constant('Fact' as const), text, run: fc.nat(1_000), worker: fc.integer({ min: 1, max: 64 }) }),
  fc.record({
    tag: fc.constant('Foreseen' as const),
    text,
    code: fc.constantFrom<ErrorCode>('PORT_TAKEN', 'RUBY_NOT_FOUND', 'GAVE_UP', 'CIRCUIT_OPEN', 'DATA_UNREADABLE'),
    remedy: fc.array(text, { maxLength: 3 }),
  }),
  fc.record({ tag: fc.constant('Unforeseen' as const), text, cause: fc.option(text) }),
)

modelProperty(19, fc.array(happening, { maxLength: 10 }), (happenings) => {
  const written: string[] = []
  const sink = { write: (line: string) => void written.push(line), dropped: () => 0, close: () => Promise.resolve() }
  const log = createLog({ sink, fd: 2, format: 'json', colour: false, level: 'info', now: () => new Date(0) })
  for (const each of happenings) {
    const before = written.length
    if (each.tag === 'Fact') log.fact(toFact(each.text, each.run, each.worker))
    else if (each.tag === 'Foreseen') log.failure(new BezelError(each.code, each.text, { remedy: each.remedy }))
    else log.failure(new Error(each.text, { cause: each.cause === null ? undefined : new Error(each.cause) }))
    // One error, one line, whatever stands in it; and the line is one JSON value.
    const lines = written.slice(before)
    expect(lines.map((line) => line.indexOf('\n') === line.length - 1)).toEqual([true])
    const told = JSON.parse(lines[0] ?? '') as Record<string, unknown>
    expect(told).toMatchObject({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      level: expect.stringMatching(/^(?:warn|error)$/),
      msg: expect.any(String),
    })
    expect(lines[0]).not.toContain('s3cret')
    expect(Buffer.byteLength(lines[0] ?? '')).toBeLessThanOrEqual(4_096)
    if (each.tag === 'Fact')
      expect(told).toMatchObject({ tag: 'IncidentRecorded', run: each.run, worker: each.worker, incident: '20261125-101530-7-k3x' })
    else expect(told).toMatchObject({ code: each.tag === 'Foreseen' ? each.code : 'INTERNAL' })
  }
})

function toFact(summary: string, run: number, worker: number): BezelEvent {
  const [incident, path] = ['20261125-101530-7-k3x', '/srv/app/.bezel/incidents/20261125-101530-7-k3x.json']
  return { tag: 'IncidentRecorded', incident, kind: 'segfault', worker, run, culprit: 'pg', summary, request: null, path, refusal: null }
}

const apps = shareTinyApps()
afterAll(() => apps.remove())

/** Every line that it wrote, parsed; throws at one that is no JSON object. */
function linesOf(run: BezelRun): Record<string, unknown>[] {
  const output = run.output()
  // The kept end of a long log may begin amid a line.
  const lines = output.split('\n').slice(output.length < 65_536 ? 0 : 1)
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Record<string, unknown>)
}

/** Real errors, each with what the log must say of it. */
const errors = {
  'a worker that dies': async () => {
    await using app = await startSmallApp({ workers: 1 })
    await outcomeOf(`${app.origin}/kill`)
    const { incident } = await app.fact('IncidentRecorded')
    return { lines: linesOf(app), wanted: { tag: 'IncidentRecorded', incident, worker: 1, level: 'error', kind: expect.any(String) } }
  },
  'a worker that gives up': async () => {
    const script = resolve(import.meta.dirname, '../fixtures/misbehaving/dies-at-boot.rb')
    await using run = await startSmallBezel({
      workers: 1,
      script,
      env: { BEZEL_WORKERS_RESTART_WAIT: '10ms', BEZEL_WORKERS_RESTART_WAIT_MOST: '50ms', BEZEL_WORKERS_GIVE_UP_AFTER: '2' },
    })
    await run.exited
    return { lines: linesOf(run), wanted: { tag: 'WorkersGaveUp', worker: 1, level: 'error', failures: 2, lastLines: expect.any(Array) } }
  },
  'a database that is away': async () => {
    const server = createServer()
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    const address = server.address()
    await new Promise((done) => server.close(done))
    const port = typeof address === 'object' && address !== null ? address.port : 0
    await using app = await startSmallApp({ workers: 1, env: { DATABASE_URL: `postgres://bob:secret@127.0.0.1:${port}/app` } })
    await app.fact('BreakerChanged')
    return { lines: linesOf(app), wanted: { tag: 'BreakerChanged', state: 'open', level: expect.stringMatching(/warn|error/) } }
  },
  'a gem for another Ruby': async (version: (typeof otherRubies)[number]) => {
    const app = apps.copy('bundler')
    try {
      breakGem(app, version, { packed: true })
      await using run = await runIn(app, 'enforce')
      await run.exited
      return {
        lines: linesOf(run),
        wanted: { tag: 'GemRefused', gem: 'tiny_ext', code: 'BUILT_FOR_OTHER_RUBY', level: 'error', remedy: expect.any(Array) },
      }
    } finally {
      app.remove()
    }
  },
} as const

realProperty(
  19,
  fc.record({ error: fc.constantFrom(...(Object.keys(errors) as (keyof typeof errors)[])), version: fc.constantFrom(...otherRubies) }),
  async ({ error, version }) => {
    const { lines, wanted } = await errors[error](version)
    for (const line of lines) expect(line).toMatchObject({ time: expect.any(String), level: expect.any(String), msg: expect.any(String) })
    expect(lines).toContainEqual(expect.objectContaining(wanted))
    expect(JSON.stringify(lines)).not.toContain('secret')
  },
  600_000,
  2,
)
