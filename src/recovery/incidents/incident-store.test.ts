import { mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Incident } from './incident.ts'
import { isIncidentId, toIncidentId } from './incident.ts'
import { IncidentStore } from './incident-store.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bezel-incidents-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function incident(wallTimeMs: number, run = 7): Incident {
  const explanation = {
    kind: 'segfault',
    summary: 'a fault in pg_ext.so',
    culprit: null,
    confidence: 'unknown',
    evidence: [],
    alternatives: [],
    causeId: null,
    remedy: [],
    link: null,
    fingerprint: '0123456789abcdef',
    ruby: null,
    platform: null,
  } as const
  return {
    id: toIncidentId(wallTimeMs, run, 0.5),
    at: new Date(wallTimeMs).toISOString(),
    worker: 1,
    run,
    pid: 4_711,
    exit: { code: null, signal: 'SIGSEGV' },
    why: 'crashed',
    ready: true,
    uptimeMs: 1_000,
    lastRssMb: 50,
    explanation,
    requests: null,
    cause: null,
    state: null,
    stateAgeMs: null,
    report: '[BUG]\n',
    reportDroppedBytes: 0,
  }
}

describe('the incident store', () => {
  test('gives back what was written, newest first', () => {
    const store = new IncidentStore(folder, 10)
    const [first, second] = [incident(Date.UTC(2026, 10, 25, 3)), incident(Date.UTC(2026, 10, 25, 4))]
    store.write(first)
    store.write(second)
    expect(store.list(10)).toEqual({ incidents: [second, first], unreadable: [] })
    expect(store.read(first.id)).toEqual(first)
  })

  test('keeps the newest ones only', () => {
    const store = new IncidentStore(folder, 2)
    const all = [1, 2, 3].map((hour) => incident(Date.UTC(2026, 10, 25, hour)))
    for (const each of all) store.write(each)
    expect(store.ids()).toEqual([all[2]?.id, all[1]?.id])
  })

  test('lets only its owner read, and leaves no half-written file', () => {
    const store = new IncidentStore(join(folder, 'new'), 2)
    store.write(incident(0))
    const [name] = readdirSync(join(folder, 'new'))
    expect(readdirSync(join(folder, 'new'))).toHaveLength(1)
    expect(statSync(join(folder, 'new', name ?? '')).mode & 0o777).toBe(0o600)
    expect(statSync(join(folder, 'new')).mode & 0o777).toBe(0o700)
  })

  test('says which file it cannot read, and reads the others', () => {
    const store = new IncidentStore(folder, 10)
    const good = incident(Date.UTC(2026, 10, 25, 3))
    const bad = toIncidentId(Date.UTC(2026, 10, 25, 4), 8, 0)
    store.write(good)
    writeFileSync(join(folder, `${bad}.json`), '{"id": ')
    const { incidents, unreadable } = store.list(10)
    expect(incidents).toEqual([good])
    expect(unreadable).toEqual([expect.stringContaining(bad)])
  })

  test.each(['../../etc/passwd', '', 'x', '20261125-101530-7-k3x/../a'])('does not take %j for an id', (text) => {
    expect(isIncidentId(text)).toBe(false)
    expect(() => new IncidentStore(folder, 1).read(text)).toThrow(/not the id of an incident/)
  })

  test('writes to the spare folder what its own refuses, says why, and reads both', () => {
    const [refusing, spare] = [join(folder, 'refusing'), join(folder, 'spare')]
    const store = new IncidentStore(refusing, 10, spare)
    const [first, second] = [incident(Date.UTC(2026, 10, 25, 3)), incident(Date.UTC(2026, 10, 25, 4))]
    expect(store.check()).toEqual({ path: refusing, refusal: null })
    expect(store.write(first)).toEqual({ path: join(refusing, `${first.id}.json`), refusal: null })
    const refused = new IncidentStore('/proc/nope', 10, spare)
    expect(refused.check()).toEqual({ path: spare, refusal: expect.stringContaining('ENOENT') })
    expect(refused.write(second)).toEqual({ path: join(spare, `${second.id}.json`), refusal: expect.stringContaining('ENOENT') })
    expect(store.list(10)).toEqual({ incidents: [second, first], unreadable: [] })
    expect(store.read(second.id)).toEqual(second)
    expect(readdirSync(spare)).toHaveLength(1)
  })

  test('keeps few in the spare folder, which may lie in memory', () => {
    const store = new IncidentStore('/proc/nope', 100, folder)
    for (let hour = 0; hour < 22; hour += 1) store.write(incident(Date.UTC(2026, 10, 25, hour)))
    expect(store.ids()).toHaveLength(20)
  })

  test('says that it is nowhere to be written', () => {
    const store = new IncidentStore('/proc/nope', 10, '/proc/neither')
    const nowhere = { path: null, refusal: expect.stringContaining('/proc/nope') }
    expect(store.check()).toEqual(nowhere)
    expect(store.write(incident(0))).toEqual(nowhere)
  })

  test('says in words that an incident is not there', () => {
    const { id } = incident(0)
    expect(() => new IncidentStore(folder, 1, '/proc/nope').read(id)).toThrow(
      `there is no incident ${id} in ${folder} or /proc/nope: it went`,
    )
  })

  test('says which folder it cannot read', () => {
    symlinkSync('loop', join(folder, 'loop'))
    const store = new IncidentStore(join(folder, 'loop'), 1)
    const refusal = `the incidents in ${join(folder, 'loop')} can't be read: ELOOP`
    expect(store.list(5)).toEqual({ incidents: [], unreadable: [expect.stringContaining(refusal)] })
    expect(() => store.read(incident(0).id)).toThrow(refusal)
  })

  test('is empty while the folder is absent', () => {
    expect(new IncidentStore(join(folder, 'absent'), 1).list(5)).toEqual({ incidents: [], unreadable: [] })
  })
})
