import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Incident } from '../../src/recovery/incidents/incident.ts'
import type { SnakeCase } from '../../src/snake-case.ts'
import { readOomKills } from '../../src/system/cgroup-memory.ts'
import { buildMighty } from '../fixtures/mighty-gem/build-mighty.ts'
import { startBezel, type BezelRun } from '../support/bezel-run.ts'

const example = resolve(import.meta.dirname, '../../examples/iodine-pg')
const fixture = resolve(import.meta.dirname, '../fixtures/faulty-app')
const timeout = 180_000

type Told = SnakeCase<Incident>

let app = ''
let lib = ''
beforeAll(() => {
  app = mkdtempSync('/tmp/bz-faults-')
  lib = buildMighty(app)
  copyFileSync(join(fixture, 'config.ru'), join(app, 'config.ru'))
  for (const file of ['Gemfile', 'Gemfile.lock']) copyFileSync(join(example, file), join(app, file))
  mkdirSync(join(app, '.bundle'))
  writeFileSync(join(app, '.bundle/config'), `---\nBUNDLE_PATH: "${join(example, 'vendor/bundle')}"\n`)
}, 180_000)
afterAll(() => rmSync(app, { recursive: true, force: true }))

async function start(command: readonly string[]): Promise<{ readonly run: BezelRun; readonly ask: (path: string) => Promise<number> }> {
  const run = await startBezel({
    folder: app,
    args: ['--host', '127.0.0.1', '--port', '0', '--workers', '1', ...command],
    env: { BEZEL_VALIDATION_MODE: 'off', MIGHTY: lib, DATABASE_URL: undefined },
  })
  const { url } = await run.fact('PortOpened')
  const ask = async (path: string) => {
    const answer = await fetch(new URL(path, url))
    await answer.text()
    return answer.status
  }
  return { run, ask }
}

/** Newest last. */
async function incidentsOf(run: BezelRun): Promise<readonly Told[]> {
  const { stdout } = await run.command(['incidents', '--json'])
  return (JSON.parse(stdout) as readonly Told[]).toReversed()
}

const mighty = { gem: 'mighty', version: '1.2.3', library: 'mighty_ext.so' }

const deadly = [
  ['a null pointer in an extension', '/null', { kind: 'segfault', confidence: 'certain', culprit: { ...mighty, function: 'field' } }],
  ['a double free', '/double-free', { kind: 'abort', cause_id: 'HEAP', culprit: null }],
  [
    'a raw pointer through fiddle',
    '/fiddle',
    { kind: 'segfault', cause_id: 'FFI-CALLER', culprit: { gem: 'fiddle', library: 'fiddle.so' } },
  ],
  ['a bus error', '/bus', { kind: 'segfault', confidence: 'certain', culprit: { ...mighty, function: 'm_bus_error' } }],
  ['abort()', '/abort', { kind: 'abort', cause_id: 'ABORT-SILENT' }],
  ['a failed assertion', '/assert', { kind: 'abort', cause_id: 'ASSERT', culprit: { gem: 'mighty', function: 'm_assertion' } }],
] as const

test(
  'each fault in a live worker ends as one incident that names the cause, and the request where there was one',
  { timeout },
  async () => {
    const { run, ask } = await start([])
    await using _ = run
    for (const [what, path] of deadly) expect(await ask(path), what).toBe(502)

    // What nobody's request did: SIGKILL from outside.
    const victim = await run.fact('RunReady', (fact) => fact.run === deadly.length + 1)
    process.kill(victim.pid, 'SIGKILL')
    await run.fact('IncidentRecorded', (fact) => fact.run === victim.run)

    // What a worker survives.
    const survivor = await run.fact('RunReady', (fact) => fact.run > victim.run)
    expect(await ask('/deep')).toBe(500)
    process.kill(survivor.pid, 'SIGUSR1')
    for (const kind of ['other', 'trap-context'])
      await run.fact('IncidentRecorded', (fact) => fact.run === survivor.run && fact.kind === kind)
    expect(await ask('/')).toBe(200)
    const ended = run.facts().filter(({ tag }) => tag === 'RunExited').length

    const told = await incidentsOf(run)
    await run.stopCleanly()
    expect(ended).toBe(deadly.length + 1)
    expect(told.map(({ run: number }) => number)).toEqual([
      ...deadly.map((_each, index) => index + 1),
      victim.run,
      survivor.run,
      survivor.run,
    ])
    for (const [index, [what, path, explanation]] of deadly.entries()) {
      const incident = told[index]
      expect(incident, what).toMatchObject({ why: 'crashed', explanation, requests: [{ method: 'GET', path }] })
      expect(incident?.cause, what).toBe(incident?.requests?.[0]?.id)
    }
    const killed = readOomKills() === null ? 'KILLED' : 'KILLED-OUTSIDE'
    expect(told[deadly.length]).toMatchObject({ exit: { signal: 'SIGKILL' }, requests: [], cause: null, explanation: { cause_id: killed } })
    const survived = told.slice(-2).toSorted((a, b) => a.explanation.kind.localeCompare(b.explanation.kind))
    expect(survived).toMatchObject([
      { exit: null, pid: survivor.pid, explanation: { kind: 'other', cause_id: 'STACK' } },
      { exit: null, pid: survivor.pid, explanation: { kind: 'trap-context', cause_id: 'TRAP' } },
    ])
  },
)

test('memory that a limit of the system refused is told with that limit', { timeout }, async () => {
  const { run, ask } = await start(['--', 'prlimit', '--as=4294967296', 'bundle', 'exec', 'iodine', '-w', '1', '-t', '1', '-b', '{socket}'])
  await using _ = run
  expect(await ask('/memory')).toBe(500)
  await run.fact('IncidentRecorded')
  const told = await incidentsOf(run)
  await run.stopCleanly()
  expect(told).toMatchObject([{ explanation: { kind: 'oom', cause_id: 'OUT-OF-MEMORY' } }])
  expect(told[0]?.explanation.evidence.join('\n')).toContain('RLIMIT_AS of 4096 MB')
})
