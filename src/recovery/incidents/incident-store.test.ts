import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
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

  test('is empty while the folder is absent', () => {
    expect(new IncidentStore(join(folder, 'absent'), 1).list(5)).toEqual({ incidents: [], unreadable: [] })
  })
})
