import fc from 'fast-check'
import { expect } from 'vitest'
import type { ProcessState } from '../../src/recovery/capture/capture-process.ts'
import { LastLooks } from '../../src/recovery/capture/last-looks.ts'
import type { Incident } from '../../src/recovery/incidents/incident.ts'
import type { SnakeCase } from '../../src/snake-case.ts'
import { modelProperty, realProperty } from './cases.ts'
import { outcomeOf, startSmallApp } from './small-app.ts'

const everyMs = 10_000
const pid = 4_711
const stateOf = (rssKb: number): ProcessState => ({
  pid,
  status: { VmRSS: `${rssKb} kB` },
  limits: [],
  libraries: [],
  descriptors: [],
  truncated: false,
})

/** A life as it is looked at about each second, and an end that leaves no moment to look. */
modelProperty(
  17,
  fc.array(fc.record({ afterMs: fc.integer({ min: 1, max: 1_500 }), readable: fc.boolean() }), { maxLength: 60 }),
  (life) => {
    let nowMs = 0
    let rssKb = 0
    let readable = true
    const looks = new LastLooks(() => (readable ? stateOf(rssKb) : null), everyMs)
    looks.look(pid, nowMs)
    let seen = { rssKb, atMs: nowMs }
    for (const moment of life) {
      nowMs += moment.afterMs
      rssKb += 1
      readable = moment.readable
      if (readable && nowMs - seen.atMs >= everyMs) seen = { rssKb, atMs: nowMs }
      looks.renew([pid], nowMs)
      // Whenever it dies now: there is a state, the newest that could be had, and its age is known.
      expect(looks.of(pid)).toEqual({ state: stateOf(seen.rssKb), atMs: seen.atMs })
    }
    looks.forget(pid)
    expect(looks.of(pid)).toBeNull()
  },
)

/** Signals by their numbers on Linux: of three Ruby itself reports, SIGABRT and SIGKILL leave no word. */
const deaths = [
  { signal: 4, reports: true },
  { signal: 7, reports: true },
  { signal: 11, reports: true },
  { signal: 6, reports: false },
  { signal: 9, reports: false },
] as const

realProperty(
  17,
  fc.record({ death: fc.constantFrom(...deaths), workers: fc.integer({ min: 1, max: 2 }) }),
  async ({ death: { signal, reports }, workers }) => {
    await using app = await startSmallApp({ workers })
    expect(await outcomeOf(`${app.origin}/die?${signal}`)).toBe(502)
    const { incident } = await app.fact('IncidentRecorded')
    const { stdout } = await app.command(['incidents', incident, '--json'])
    const told = JSON.parse(stdout) as SnakeCase<Incident>
    expect(told.state?.status).toMatchObject({ Name: 'ruby', VmRSS: expect.stringMatching(/^\d+ kB$/) })
    expect(told.state?.libraries).toContainEqual(expect.stringContaining('libruby'))
    expect(told.state_age_ms).toBeGreaterThanOrEqual(0)
    const shown = (await app.command(['incidents', incident])).stdout
    expect(shown).toMatch(/\d kB resident, \d+ threads, \d+ open files, \d+ libraries, (?:as it ended|\d+ s before its end)/)
    if (reports) expect(told.report).toMatch(/\[BUG\][^]*-- C level backtrace information/)
  },
  300_000,
  2,
)
